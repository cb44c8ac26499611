<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="es" sourcelanguage="en">
<context>
    <name>UnifiedViT</name>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>One Vision Transformer looks at a medical image once and gives two answers: where (a segmentation) and what (a diagnosis with calibrated probabilities). Load a volume, choose a model, press Run.&lt;br&gt;&lt;br&gt;&lt;b&gt;Research use only. Not for clinical diagnosis.&lt;/b&gt;&lt;br&gt;&lt;br&gt;More in the &lt;a href=&quot;https://github.com/UnifiedViT/SlicerUnifiedViT&quot;&gt;documentation&lt;/a&gt;.</source>
        <translation type="unfinished">Un Vision Transformer examina una imagen médica una sola vez y da dos respuestas: dónde (una segmentación) y qué (un diagnóstico con probabilidades calibradas). Cargue un volumen, elija un modelo y pulse Ejecutar.&lt;br&gt;&lt;br&gt;&lt;b&gt;Solo para investigación. No apto para el diagnóstico clínico.&lt;/b&gt;&lt;br&gt;&lt;br&gt;Más información en la &lt;a href=&quot;https://github.com/UnifiedViT/SlicerUnifiedViT&quot;&gt;documentación&lt;/a&gt;.</translation>
    </message>
    <message>
        <source>The architecture follows Kassar, An Analytical Study of Vision Transformer Models for Medical Image Classification and Segmentation. The bundled model was trained on BRISC 2025 (Fateh et al.), the figshare set of Cheng, and TCGA-LGG with the masks of Buda et al.; its weights are under CC BY-NC-SA 4.0.</source>
        <translation type="unfinished">La arquitectura sigue a Kassar, An Analytical Study of Vision Transformer Models for Medical Image Classification and Segmentation. El modelo incluido se entrenó con BRISC 2025 (Fateh et al.), el conjunto figshare de Cheng y TCGA-LGG con las máscaras de Buda et al.; sus pesos están bajo la licencia CC BY-NC-SA 4.0.</translation>
    </message>
    <message>
        <source>Research use only. Not for clinical diagnosis.</source>
        <translation type="unfinished">Solo para investigación. No apto para el diagnóstico clínico.</translation>
    </message>
    <message>
        <source>What runs the networks. OpenVINO needs no PyTorch; PyTorch uses the graphics card and runs every model.</source>
        <translation type="unfinished">Lo que ejecuta las redes. OpenVINO no necesita PyTorch; PyTorch usa la tarjeta gráfica y ejecuta todos los modelos.</translation>
    </message>
    <message>
        <source>Install what is missing...</source>
        <translation type="unfinished">Instalar lo que falta...</translation>
    </message>
    <message>
        <source>Asks once, then downloads and installs. Nothing that Slicer brings is changed.</source>
        <translation type="unfinished">Pregunta una vez; después descarga e instala. No se modifica nada de lo que trae Slicer.</translation>
    </message>
    <message>
        <source>From a folder...</source>
        <translation type="unfinished">Desde una carpeta...</translation>
    </message>
    <message>
        <source>Installs from a folder of wheels (.whl), without a network.</source>
        <translation type="unfinished">Instala desde una carpeta de wheels (.whl), sin red.</translation>
    </message>
    <message>
        <source>Check again</source>
        <translation type="unfinished">Comprobar de nuevo</translation>
    </message>
    <message>
        <source>Inputs</source>
        <translation type="unfinished">Entradas</translation>
    </message>
    <message>
        <source>Volume:</source>
        <translation type="unfinished">Volumen:</translation>
    </message>
    <message>
        <source>The image to look at. Of a sequence: the item that the sequence browser shows.</source>
        <translation type="unfinished">La imagen que se examina. En una secuencia: el elemento que muestra el explorador de secuencias.</translation>
    </message>
    <message>
        <source>Select a volume</source>
        <translation type="unfinished">Elija un volumen</translation>
    </message>
    <message>
        <source>Model:</source>
        <translation type="unfinished">Modelo:</translation>
    </message>
    <message>
        <source>Segmentation:</source>
        <translation type="unfinished">Segmentación:</translation>
    </message>
    <message>
        <source>Create a new segmentation on Run</source>
        <translation type="unfinished">Crear una segmentación al ejecutar</translation>
    </message>
    <message>
        <source>Region of interest</source>
        <translation type="unfinished">Región de interés</translation>
    </message>
    <message>
        <source>Look at:</source>
        <translation type="unfinished">Examinar:</translation>
    </message>
    <message>
        <source>A Markups ROI, or a segmentation with a segment, of which a box is taken. Only slices that the box touches are looked at, as wholes; what is drawn outside of it is left out.</source>
        <translation type="unfinished">Una ROI de Markups, o una segmentación con un segmento, del que se toma una caja. Solo se examinan, enteros, los cortes que toca la caja; lo dibujado fuera de ella se descarta.</translation>
    </message>
    <message>
        <source>all of the volume</source>
        <translation type="unfinished">todo el volumen</translation>
    </message>
    <message>
        <source>Around:</source>
        <translation type="unfinished">Alrededor de:</translation>
    </message>
    <message>
        <source>Margin:</source>
        <translation type="unfinished">Margen:</translation>
    </message>
    <message>
        <source>Kept free on each side of the segment.</source>
        <translation type="unfinished">Se deja a cada lado del segmento.</translation>
    </message>
    <message>
        <source> mm</source>
        <translation type="unfinished"> mm</translation>
    </message>
    <message>
        <source>Advanced</source>
        <translation type="unfinished">Avanzado</translation>
    </message>
    <message>
        <source>Slices:</source>
        <translation type="unfinished">Cortes:</translation>
    </message>
    <message>
        <source>The plane in which the model looks at the volume, slice by slice.</source>
        <translation type="unfinished">El plano en el que el modelo examina el volumen, corte a corte.</translation>
    </message>
    <message>
        <source>Device:</source>
        <translation type="unfinished">Dispositivo:</translation>
    </message>
    <message>
        <source>Where the network computes.</source>
        <translation type="unfinished">Dónde calcula la red.</translation>
    </message>
    <message>
        <source>Slices at a time:</source>
        <translation type="unfinished">Cortes a la vez:</translation>
    </message>
    <message>
        <source>More is quicker on a graphics card and needs more memory; halved by itself when memory runs out.</source>
        <translation type="unfinished">Más es más rápido en una tarjeta gráfica y necesita más memoria; se reduce a la mitad automáticamente cuando falta memoria.</translation>
    </message>
    <message>
        <source>Test-time augmentation</source>
        <translation type="unfinished">Aumento en tiempo de prueba</translation>
    </message>
    <message>
        <source>The mean over slices and their mirror images; takes twice as long.</source>
        <translation type="unfinished">La media de los cortes y sus imágenes especulares; tarda el doble.</translation>
    </message>
    <message>
        <source>Keep probability maps as volumes</source>
        <translation type="unfinished">Conservar mapas de probabilidad</translation>
    </message>
    <message>
        <source>Heat map:</source>
        <translation type="unfinished">Mapa de calor:</translation>
    </message>
    <message>
        <source>What speaks for a diagnosis, and where, as a volume in colours over the image; takes three times as long.</source>
        <translation type="unfinished">Qué habla a favor de un diagnóstico, y dónde, como volumen en colores sobre la imagen; tarda el triple.</translation>
    </message>
    <message>
        <source>Super-resolved:</source>
        <translation type="unfinished">Superresolución:</translation>
    </message>
    <message>
        <source>The regions that the network attends to, four times as fine in plane, as a new volume beside the input, which stays as it is. What is synthetic in it is guessed, not measured.</source>
        <translation type="unfinished">Las regiones a las que atiende la red, cuatro veces más finas en el plano, como volumen nuevo junto a la entrada, que no cambia. Lo que en él es sintético está estimado, no medido.</translation>
    </message>
    <message>
        <source>Uncertainty map and confidence</source>
        <translation type="unfinished">Mapa de incertidumbre y confianza</translation>
    </message>
    <message>
        <source>Several forward passes over every slice, changed a little: how far they agree says how far to trust the result. Takes four times as long.</source>
        <translation type="unfinished">Varias pasadas por cada corte, ligeramente modificado: su concordancia indica hasta qué punto fiarse del resultado. Tarda cuatro veces más.</translation>
    </message>
    <message>
        <source>Install PyTorch...</source>
        <translation type="unfinished">Instalar PyTorch...</translation>
    </message>
    <message>
        <source>PyTorch uses the graphics card, runs every model, and makes heat maps and super-resolved volumes.</source>
        <translation type="unfinished">PyTorch usa la tarjeta gráfica, ejecuta todos los modelos y genera mapas de calor y volúmenes en superresolución.</translation>
    </message>
    <message>
        <source>Models</source>
        <translation type="unfinished">Modelos</translation>
    </message>
    <message>
        <source>Model</source>
        <translation type="unfinished">Modelo</translation>
    </message>
    <message>
        <source>What to look for. More models: section Models below. Several at once: Advanced.</source>
        <translation type="unfinished">Qué se busca. Más modelos: sección Modelos, abajo. Varios a la vez: Avanzado.</translation>
    </message>
    <message>
        <source>Which?</source>
        <translation type="unfinished">¿Cuál?</translation>
    </message>
    <message>
        <source>Which model? Each installed one looks at a dozen slices, and says whether it knows such images. None is chosen.</source>
        <translation type="unfinished">¿Qué modelo? Cada modelo instalado mira una docena de cortes y dice si conoce imágenes así. No se elige ninguno.</translation>
    </message>
    <message>
        <source>Double-click a model to choose it.</source>
        <translation type="unfinished">Haga doble clic en un modelo para elegirlo.</translation>
    </message>
    <message>
        <source>Judged</source>
        <translation type="unfinished">Juicio</translation>
    </message>
    <message>
        <source>Unlike</source>
        <translation type="unfinished">Distinto</translation>
    </message>
    <message>
        <source>Slices further from the model&apos;s training images than 99% of the images kept for validation</source>
        <translation type="unfinished">Cortes más alejados de las imágenes de entrenamiento del modelo que el 99% de las imágenes reservadas para la validación</translation>
    </message>
    <message>
        <source>Also run:</source>
        <translation type="unfinished">También:</translation>
    </message>
    <message>
        <source>Models that look at the volume besides the chosen one. Each adds a segmentation and a table of its own, &quot;NAME - MODEL&quot;; none is replaced.</source>
        <translation type="unfinished">Modelos que miran el volumen además del elegido. Cada uno añade su propia segmentación y tabla, «NOMBRE - MODELO»; nada se reemplaza.</translation>
    </message>
    <message>
        <source>State</source>
        <translation type="unfinished">Estado</translation>
    </message>
    <message>
        <source>Version:</source>
        <translation type="unfinished">Versión:</translation>
    </message>
    <message>
        <source>Versions of the selected model that can be downloaded. One that is older than the installed one takes its place, until you update.</source>
        <translation type="unfinished">Versiones del modelo elegido que se pueden descargar. Una más antigua que la instalada la sustituye hasta que usted actualice.</translation>
    </message>
    <message>
        <source>Download...</source>
        <translation type="unfinished">Descargar...</translation>
    </message>
    <message>
        <source>Import folder...</source>
        <translation type="unfinished">Importar carpeta...</translation>
    </message>
    <message>
        <source>A model&apos;s folder (model.json and weights), for example from unifiedvit-train export.</source>
        <translation type="unfinished">La carpeta de un modelo (model.json y pesos), por ejemplo de unifiedvit-train export.</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation type="unfinished">Quitar</translation>
    </message>
    <message>
        <source>Repositories:</source>
        <translation type="unfinished">Repositorios:</translation>
    </message>
    <message>
        <source>Where models can be downloaded from. Nothing is asked without a click.</source>
        <translation type="unfinished">De dónde se pueden descargar modelos. Nada se consulta sin un clic.</translation>
    </message>
    <message>
        <source>Look for updates</source>
        <translation type="unfinished">Buscar novedades</translation>
    </message>
    <message>
        <source>Asks all repositories which models and versions they have now.</source>
        <translation type="unfinished">Pregunta a todos los repositorios qué modelos y versiones tienen ahora.</translation>
    </message>
    <message>
        <source>Forget</source>
        <translation type="unfinished">Olvidar</translation>
    </message>
    <message>
        <source>Takes the selected repository off the list. Models that came from it stay.</source>
        <translation type="unfinished">Quita de la lista el repositorio elegido. Los modelos que vinieron de él se quedan.</translation>
    </message>
    <message>
        <source>https://... or a folder</source>
        <translation type="unfinished">https://... o una carpeta</translation>
    </message>
    <message>
        <source>Address of a model repository, as its publisher says it.</source>
        <translation type="unfinished">Dirección de un repositorio de modelos, como la indica quien lo publica.</translation>
    </message>
    <message>
        <source>Key (optional)</source>
        <translation type="unfinished">Clave (opcional)</translation>
    </message>
    <message>
        <source>Public key of the publisher. With it, nothing is taken that the publisher has not signed.</source>
        <translation type="unfinished">Clave pública de quien publica. Con ella no se acepta nada que no haya firmado.</translation>
    </message>
    <message>
        <source>Add repository</source>
        <translation type="unfinished">Añadir repositorio</translation>
    </message>
    <message>
        <source>Keep models elsewhere...</source>
        <translation type="unfinished">Guardar los modelos en otro lugar...</translation>
    </message>
    <message>
        <source>Clear cache...</source>
        <translation type="unfinished">Vaciar la caché...</translation>
    </message>
    <message>
        <source>Removes all downloaded and imported models, and the networks that were compiled for this computer.</source>
        <translation type="unfinished">Quita todos los modelos descargados e importados, y las redes compiladas para este equipo.</translation>
    </message>
    <message>
        <source>Run</source>
        <translation type="unfinished">Ejecutar</translation>
    </message>
    <message>
        <source>Result</source>
        <translation type="unfinished">Resultado</translation>
    </message>
    <message>
        <source>Heat map</source>
        <translation type="unfinished">Mapa de calor</translation>
    </message>
    <message>
        <source>Uncertainty</source>
        <translation type="unfinished">Incertidumbre</translation>
    </message>
    <message>
        <source>Where the outline is uncertain: entropy over all passes, from clear (sure) over blue and green to yellow</source>
        <translation type="unfinished">Dónde es incierto el contorno: entropía de todas las pasadas, de transparente (seguro) a amarillo, pasando por azul y verde</translation>
    </message>
    <message>
        <source>Opacity of the map over the slices</source>
        <translation type="unfinished">Opacidad del mapa sobre los cortes</translation>
    </message>
    <message>
        <source>Show 3D</source>
        <translation type="unfinished">Ver en 3D</translation>
    </message>
    <message>
        <source>Jump to lesion</source>
        <translation type="unfinished">Ir a la lesión</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation type="unfinished">Deshacer</translation>
    </message>
    <message>
        <source>Takes this result out of the scene and brings back what it replaced.</source>
        <translation type="unfinished">Retira este resultado de la escena y recupera lo que había sustituido.</translation>
    </message>
    <message>
        <source>Save report...</source>
        <translation type="unfinished">Informe...</translation>
    </message>
    <message>
        <source>Copy as text</source>
        <translation type="unfinished">Copiar texto</translation>
    </message>
    <message>
        <source>Save as DICOM...</source>
        <translation type="unfinished">Guardar DICOM...</translation>
    </message>
    <message>
        <source>What runs the networks</source>
        <translation type="unfinished">Lo que ejecuta las redes</translation>
    </message>
    <message>
        <source>Where the result goes. A result of the same volume is replaced (Undo brings it back). Results of other volumes stay, as does what somebody has drawn or written: then a new one is made.</source>
        <translation type="unfinished">Adónde va el resultado. Un resultado del mismo volumen se reemplaza (Deshacer lo recupera). Los resultados de otros volúmenes se conservan, igual que lo que alguien haya dibujado o escrito: entonces se crea una segmentación nueva.</translation>
    </message>
    <message>
        <source>Computer:</source>
        <translation type="unfinished">Ordenador:</translation>
    </message>
    <message>
        <source>This computer, or one of your group on which unifiedvit serve runs. Batch, Sequence and Which? always compute here.</source>
        <translation type="unfinished">Este ordenador, o uno de su grupo en el que funciona unifiedvit serve. Lote, Secuencia y ¿Cuál? siempre calculan aquí.</translation>
    </message>
    <message>
        <source>Address:</source>
        <translation type="unfinished">Dirección:</translation>
    </message>
    <message>
        <source>Of the server, as its administrator says it.</source>
        <translation type="unfinished">Del servidor, tal como la da su administrador.</translation>
    </message>
    <message>
        <source>Key:</source>
        <translation type="unfinished">Clave:</translation>
    </message>
    <message>
        <source>Your key for the server. It is kept in the application&apos;s settings, readable for whoever can read your files, and never in a scene.</source>
        <translation type="unfinished">Su clave para el servidor. Se guarda en los ajustes de la aplicación, legible para quien pueda leer sus archivos, y nunca en una escena.</translation>
    </message>
    <message>
        <source>Test connection</source>
        <translation type="unfinished">Probar la conexión</translation>
    </message>
    <message>
        <source>Asks the server which models it has. No image is sent.</source>
        <translation type="unfinished">Pregunta al servidor qué modelos tiene. No se envía ninguna imagen.</translation>
    </message>
    <message>
        <source>Run sends the volume&apos;s voxels and geometry there, without names.</source>
        <translation type="unfinished">Ejecutar envía allí los vóxeles y la geometría del volumen, sin nombres.</translation>
    </message>
    <message>
        <source>Import file...</source>
        <translation type="unfinished">Importar archivo...</translation>
    </message>
    <message>
        <source>A model&apos;s .zip, or the model.json in its folder; it is checked first.</source>
        <translation type="unfinished">El .zip de un modelo, o el model.json de su carpeta; se comprueba antes.</translation>
    </message>
    <message>
        <source>Address of a model repository</source>
        <translation type="unfinished">Dirección de un repositorio de modelos</translation>
    </message>
    <message>
        <source>Patient</source>
        <translation type="unfinished">Paciente</translation>
    </message>
    <message>
        <source>One diagnosis of several images of a patient, and what else is known: check the results that are of this patient.</source>
        <translation type="unfinished">Un diagnóstico a partir de varias imágenes de un paciente y de lo demás que se sabe: marque los resultados que son de este paciente.</translation>
    </message>
    <message>
        <source>Results of the patient</source>
        <translation type="unfinished">Resultados del paciente</translation>
    </message>
    <message>
        <source>Results of the chosen model in this scene. Those of other patients than that of the chosen volume are left out, where the DICOM module knows them.</source>
        <translation type="unfinished">Resultados del modelo elegido en esta escena. Se omiten los de otros pacientes que el del volumen elegido, si el módulo DICOM los conoce.</translation>
    </message>
    <message>
        <source>Diagnose patient</source>
        <translation type="unfinished">Diagnosticar al paciente</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation type="unfinished">Comparar</translation>
    </message>
    <message>
        <source>A:</source>
        <translation type="unfinished">A:</translation>
    </message>
    <message>
        <source>Before, or the reference: a result, or an expert&apos;s segmentation.</source>
        <translation type="unfinished">Antes, o la referencia: un resultado, o la segmentación de un experto.</translation>
    </message>
    <message>
        <source>Before, or the reference</source>
        <translation type="unfinished">Antes, o la referencia</translation>
    </message>
    <message>
        <source>B:</source>
        <translation type="unfinished">B:</translation>
    </message>
    <message>
        <source>After, or what is held against A: another date, another model.</source>
        <translation type="unfinished">Después, o lo que se compara con A: otra fecha, otro modelo.</translation>
    </message>
    <message>
        <source>After, or another model</source>
        <translation type="unfinished">Después, u otro modelo</translation>
    </message>
    <message>
        <source>Segment</source>
        <translation type="unfinished">Segmento</translation>
    </message>
    <message>
        <source>Dice</source>
        <translation type="unfinished">Dice</translation>
    </message>
    <message>
        <source>HD95 mm</source>
        <translation type="unfinished">HD95 mm</translation>
    </message>
    <message>
        <source>mL A</source>
        <translation type="unfinished">mL A</translation>
    </message>
    <message>
        <source>mL B</source>
        <translation type="unfinished">mL B</translation>
    </message>
    <message>
        <source>Δ mL</source>
        <translation type="unfinished">Δ mL</translation>
    </message>
    <message>
        <source>Δ %</source>
        <translation type="unfinished">Δ %</translation>
    </message>
    <message>
        <source>Show difference</source>
        <translation type="unfinished">Mostrar diferencia</translation>
    </message>
    <message>
        <source>Adds a segmentation of what is drawn in A alone, in both, and in B alone.</source>
        <translation type="unfinished">Añade una segmentación de lo que está dibujado solo en A, en ambas y solo en B.</translation>
    </message>
    <message>
        <source>Takes the table and the difference of this comparison out of the scene.</source>
        <translation type="unfinished">Retira de la escena la tabla y la diferencia de esta comparación.</translation>
    </message>
    <message>
        <source>Sequence</source>
        <translation type="unfinished">Secuencia</translation>
    </message>
    <message>
        <source>Every item of a sequence of volumes, with the model, the device, the plane and mirrored slices as chosen above. Segmentations that play with the volumes, a table over time and a plot are added to the scene.</source>
        <translation type="unfinished">Cada elemento de una secuencia de volúmenes, con el modelo, el dispositivo, el plano y los cortes reflejados elegidos arriba. Se añaden a la escena segmentaciones que se reproducen con los volúmenes, una tabla en el tiempo y un gráfico.</translation>
    </message>
    <message>
        <source>Sequence:</source>
        <translation type="unfinished">Secuencia:</translation>
    </message>
    <message>
        <source>A sequence of volumes over time, as the module Sequences has it.</source>
        <translation type="unfinished">Una secuencia de volúmenes en el tiempo, como la tiene el módulo Sequences.</translation>
    </message>
    <message>
        <source>Select a sequence</source>
        <translation type="unfinished">Seleccione una secuencia</translation>
    </message>
    <message>
        <source>Run sequence</source>
        <translation type="unfinished">Ejecutar secuencia</translation>
    </message>
    <message>
        <source>Double-click an item, or press Enter on it, to show it.</source>
        <translation type="unfinished">Haga doble clic en un elemento, o pulse Intro sobre él, para mostrarlo.</translation>
    </message>
    <message>
        <source>Item</source>
        <translation type="unfinished">Elemento</translation>
    </message>
    <message>
        <source>Show plot</source>
        <translation type="unfinished">Mostrar gráfico</translation>
    </message>
    <message>
        <source>Shows the mL of each segment over the sequence.</source>
        <translation type="unfinished">Muestra los mL de cada segmento a lo largo de la secuencia.</translation>
    </message>
    <message>
        <source>Takes the segmentations, the table and the plot of the last run out of the scene.</source>
        <translation type="unfinished">Quita de la escena las segmentaciones, la tabla y el gráfico de la última ejecución.</translation>
    </message>
    <message>
        <source>Batch</source>
        <translation type="unfinished">Lote</translation>
    </message>
    <message>
        <source>Images:</source>
        <translation type="unfinished">Imágenes:</translation>
    </message>
    <message>
        <source>A folder of NRRD, NIfTI, MetaImage, DICOM, PNG or JPEG files, or of folders with a DICOM series each.</source>
        <translation type="unfinished">Una carpeta con archivos NRRD, NIfTI, MetaImage, DICOM, PNG o JPEG, o con carpetas que contienen una serie DICOM cada una.</translation>
    </message>
    <message>
        <source>Choose a folder</source>
        <translation type="unfinished">Elegir una carpeta</translation>
    </message>
    <message>
        <source>Results:</source>
        <translation type="unfinished">Resultados:</translation>
    </message>
    <message>
        <source>Takes the segmentation, the JSON and the report of each image, and results.csv over all. Results that are there already, and still fit, are not computed again.</source>
        <translation type="unfinished">Recibe la segmentación, el JSON y el informe de cada imagen, y results.csv sobre todas. Los resultados que ya están y siguen siendo válidos no se calculan de nuevo.</translation>
    </message>
    <message>
        <source>Pattern:</source>
        <translation type="unfinished">Patrón:</translation>
    </message>
    <message>
        <source>all images</source>
        <translation type="unfinished">todas las imágenes</translation>
    </message>
    <message>
        <source>Which file names count, for example *_t1ce.nii.gz; of a DICOM series, the name of its folder.</source>
        <translation type="unfinished">Qué nombres de archivo cuentan, por ejemplo *_t1ce.nii.gz; de una serie DICOM, el nombre de su carpeta.</translation>
    </message>
    <message>
        <source>With subfolders</source>
        <translation type="unfinished">Con subcarpetas</translation>
    </message>
    <message>
        <source>Run batch</source>
        <translation type="unfinished">Ejecutar lote</translation>
    </message>
    <message>
        <source>Image</source>
        <translation type="unfinished">Imagen</translation>
    </message>
    <message>
        <source>Status</source>
        <translation type="unfinished">Estado</translation>
    </message>
    <message>
        <source>Diagnosis</source>
        <translation type="unfinished">Diagnóstico</translation>
    </message>
    <message>
        <source>Every image of a folder, with the models, the device and the Advanced options chosen above (no region, no probability maps). The scene stays as it is; double-click a finished image, or press Enter on it, to load it with its result.</source>
        <translation type="unfinished">Cada imagen de una carpeta, con los modelos, el dispositivo y las opciones avanzadas elegidos arriba (sin región ni mapas de probabilidad). La escena queda como está; haga doble clic en una imagen terminada, o pulse Intro sobre ella, para cargarla con su resultado.</translation>
    </message>
    <message>
        <source>Probability of the diagnosis</source>
        <translation type="unfinished">Probabilidad del diagnóstico</translation>
    </message>
    <message>
        <source>Volume of all that is drawn</source>
        <translation type="unfinished">Volumen de todo lo dibujado</translation>
    </message>
    <message>
        <source>Number of warnings</source>
        <translation type="unfinished">Número de advertencias</translation>
    </message>
    <message>
        <source>List results</source>
        <translation type="unfinished">Listar resultados</translation>
    </message>
    <message>
        <source>Lists what lies in the results folder, whoever computed it, results of a region too. Nothing is computed.</source>
        <translation type="unfinished">Lista lo que hay en la carpeta de resultados, lo haya calculado quien lo haya calculado, también resultados de una región. No se calcula nada.</translation>
    </message>
    <message>
        <source>Open results folder</source>
        <translation type="unfinished">Abrir carpeta de resultados</translation>
    </message>
    <message>
        <source>There, results.csv lists all results of the folder.</source>
        <translation type="unfinished">Allí, results.csv enumera todos los resultados de la carpeta.</translation>
    </message>
    <message>
        <source>Teach</source>
        <translation type="unfinished">Enseñar</translation>
    </message>
    <message>
        <source>Diagnosis:</source>
        <translation type="unfinished">Diagnóstico:</translation>
    </message>
    <message>
        <source>What it is: as the model says, another of its classes, or not known. Several findings at once: from the Python console.</source>
        <translation type="unfinished">Qué es: como dice el modelo, otra de sus clases o desconocido. Varios hallazgos a la vez: desde la consola de Python.</translation>
    </message>
    <message>
        <source>Reviewer:</source>
        <translation type="unfinished">Revisor:</translation>
    </message>
    <message>
        <source>Who corrected it: a name, initials or a number of your choice. It is written into the dataset.</source>
        <translation type="unfinished">Quién lo corrigió: un nombre, iniciales o un número de su elección. Se escribe en el conjunto de datos.</translation>
    </message>
    <message>
        <source>Patient:</source>
        <translation type="unfinished">Paciente:</translation>
    </message>
    <message>
        <source>Any text that tells patients apart; only a pseudonym is kept. Left empty: the DICOM PatientID, else the folder of the volume&apos;s file.</source>
        <translation type="unfinished">Cualquier texto que distinga a los pacientes; solo se guarda un seudónimo. Vacío: el PatientID de DICOM o, si no, la carpeta del archivo del volumen.</translation>
    </message>
    <message>
        <source>By DICOM, or by folder</source>
        <translation type="unfinished">Por DICOM o por carpeta</translation>
    </message>
    <message>
        <source>Dataset:</source>
        <translation type="unfinished">Datos:</translation>
    </message>
    <message>
        <source>Folder of the dataset on this computer; made if it is not there.</source>
        <translation type="unfinished">Carpeta del conjunto de datos en este ordenador; se crea si no existe.</translation>
    </message>
    <message>
        <source>Choose...</source>
        <translation type="unfinished">Elegir...</translation>
    </message>
    <message>
        <source>Add to my dataset</source>
        <translation type="unfinished">Añadir a mis datos</translation>
    </message>
    <message>
        <source>Takes the case that was added last out of the dataset.</source>
        <translation type="unfinished">Quita del conjunto de datos el último caso añadido.</translation>
    </message>
    <message>
        <source>Reference:</source>
        <translation type="unfinished">Referencia:</translation>
    </message>
    <message>
        <source>Folder of cases that the model was made for, with images/, masks/ and labels.csv: on these the new model may not be worse. May be left empty.</source>
        <translation type="unfinished">Carpeta de casos para los que se hizo el modelo, con images/, masks/ y labels.csv: en ellos el modelo nuevo no puede ser peor. Puede quedar vacío.</translation>
    </message>
    <message>
        <source>None</source>
        <translation type="unfinished">Ninguna</translation>
    </message>
    <message>
        <source>Choose the folder of the reference</source>
        <translation type="unfinished">Elegir la carpeta de la referencia</translation>
    </message>
    <message>
        <source>Adapt the model</source>
        <translation type="unfinished">Adaptar el modelo</translation>
    </message>
    <message>
        <source>Log</source>
        <translation type="unfinished">Registro</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.adapting</name>
    <message>
        <source>Folder of the reference</source>
        <translation type="unfinished">Carpeta de la referencia</translation>
    </message>
    <message>
        <source>Starting...</source>
        <translation type="unfinished">Iniciando...</translation>
    </message>
    <message>
        <source>Cancelled. What was learnt is kept: Adapt the model goes on from there.</source>
        <translation type="unfinished">Cancelado. Lo aprendido se conserva: «Adaptar el modelo» continúa desde ahí.</translation>
    </message>
    <message>
        <source>Cancelled.</source>
        <translation type="unfinished">Cancelado.</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Cancelando...</translation>
    </message>
    <message>
        <source>The chosen model learns from the dataset. The new one is installed only if it is better on patients kept apart.</source>
        <translation type="unfinished">El modelo elegido aprende del conjunto de datos. El nuevo se instala solo si es mejor en pacientes apartados.</translation>
    </message>
    <message>
        <source>A model and the folder of a dataset are needed first.</source>
        <translation type="unfinished">Primero hacen falta un modelo y la carpeta de un conjunto de datos.</translation>
    </message>
    <message>
        <source>Not adapted: the licence of the weights was not agreed to.</source>
        <translation type="unfinished">No adaptado: no se aceptó la licencia de los pesos.</translation>
    </message>
    <message>
        <source>Whether it still does as well elsewhere was not checked: give a reference for that.</source>
        <translation type="unfinished">No se comprobó si sigue siendo igual de bueno en otros lugares: indique para ello una referencia.</translation>
    </message>
    <message>
        <source>Cancel adapting</source>
        <translation type="unfinished">Cancelar la adaptación</translation>
    </message>
    <message>
        <source>Adapt the model</source>
        <translation type="unfinished">Adaptar el modelo</translation>
    </message>
    <message>
        <source>Slicer is installing packages for another module. Wait until that has ended, then try again.</source>
        <translation type="unfinished">Slicer está instalando paquetes para otro módulo. Espere a que termine e inténtelo de nuevo.</translation>
    </message>
    <message>
        <source>{stage} (about {left} left)</source>
        <translation type="unfinished">{stage} (faltan unos {left})</translation>
    </message>
    <message>
        <source>{error} What was learnt is kept: Adapt the model goes on from there.</source>
        <translation type="unfinished">{error} Lo aprendido se conserva: «Adaptar el modelo» continúa desde ahí.</translation>
    </message>
    <message>
        <source>To adapt a model, PyTorch is needed: {problems} Install it by the box at the top of the panel, then adapt again.</source>
        <translation type="unfinished">Para adaptar un modelo hace falta PyTorch: {problems} Instálelo con el recuadro de la parte superior del panel y vuelva a adaptar.</translation>
    </message>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>{name} ({model} {version}) is in the list of models now. Choose it there to use it.</source>
        <translation type="unfinished">{name} ({model} {version}) está ahora en la lista de modelos. Elíjalo allí para usarlo.</translation>
    </message>
    <message>
        <source>Nothing was installed, so that the model cannot be adapted: {problems}</source>
        <translation type="unfinished">No se instaló nada, por lo que el modelo no se puede adaptar: {problems}</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.batch</name>
    <message>
        <source>Choose a folder</source>
        <translation type="unfinished">Elegir una carpeta</translation>
    </message>
    <message>
        <source>Starting...</source>
        <translation type="unfinished">Iniciando...</translation>
    </message>
    <message>
        <source>{number} of {count}, {left} left</source>
        <translation type="unfinished">{number} de {count}, quedan {left}</translation>
    </message>
    <message>
        <source>{number} of {count}</source>
        <translation type="unfinished">{number} de {count}</translation>
    </message>
    <message>
        <source>There is no image of this pattern in the folder.</source>
        <translation type="unfinished">No hay ninguna imagen con este patrón en la carpeta.</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Cancelando...</translation>
    </message>
    <message>
        <source>Choose the folder with the images, and one for the results.</source>
        <translation type="unfinished">Elija la carpeta con las imágenes y una para los resultados.</translation>
    </message>
    <message>
        <source>Not run: a model that is also to run is not installed. Uncheck it under Advanced, or see section Models.</source>
        <translation type="unfinished">No se ejecutó: un modelo que también debe ejecutarse no está instalado. Desmárquelo en las opciones avanzadas, o vea la sección Modelos.</translation>
    </message>
    <message>
        <source>Not run: the licence of the weights was not agreed to.</source>
        <translation type="unfinished">No ejecutado: no se aceptó la licencia de los pesos.</translation>
    </message>
    <message>
        <source>Choose the folder with the results.</source>
        <translation type="unfinished">Elija la carpeta con los resultados.</translation>
    </message>
    <message>
        <source>{parts}. {table} in the results folder lists all.</source>
        <translation type="unfinished">{parts}. {table} en la carpeta de resultados los enumera todos.</translation>
    </message>
    <message>
        <source>Cancel batch</source>
        <translation type="unfinished">Cancelar lote</translation>
    </message>
    <message>
        <source>Run batch on the server</source>
        <translation type="unfinished">Ejecutar lote en el servidor</translation>
    </message>
    <message>
        <source>Run batch</source>
        <translation type="unfinished">Ejecutar lote</translation>
    </message>
    <message>
        <source>Results in the folder: {count}.</source>
        <translation type="unfinished">Resultados en la carpeta: {count}.</translation>
    </message>
    <message>
        <source>Cancelled. What is done is kept: Run batch goes on from there.</source>
        <translation type="unfinished">Cancelado. Lo hecho se conserva: Ejecutar lote continúa desde ahí.</translation>
    </message>
    <message>
        <source>{done} done</source>
        <translation type="unfinished">{done} hechos</translation>
    </message>
    <message>
        <source> ({before} of them before)</source>
        <translation type="unfinished"> ({before} de ellos antes)</translation>
    </message>
    <message>
        <source>{failed} failed</source>
        <translation type="unfinished">{failed} fallidos</translation>
    </message>
    <message>
        <source>{review} uncertain, to be reviewed</source>
        <translation type="unfinished">{review} inciertos, por revisar</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.batchtable</name>
    <message>
        <source>failed</source>
        <translation type="unfinished">fallido</translation>
    </message>
    <message>
        <source>changed</source>
        <translation type="unfinished">modificado</translation>
    </message>
    <message>
        <source>incomplete</source>
        <translation type="unfinished">incompleto</translation>
    </message>
    <message>
        <source>done (before)</source>
        <translation type="unfinished">hecho (antes)</translation>
    </message>
    <message>
        <source>done</source>
        <translation type="unfinished">hecho</translation>
    </message>
    <message>
        <source>uncertain (before)</source>
        <translation type="unfinished">incierto (antes)</translation>
    </message>
    <message>
        <source>uncertain</source>
        <translation type="unfinished">incierto</translation>
    </message>
    <message>
        <source>Confidence {confidence}: to be reviewed</source>
        <translation type="unfinished">Confianza {confidence}: por revisar</translation>
    </message>
    <message>
        <source>{status}, region only</source>
        <translation type="unfinished">{status}, solo la región</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.cases</name>
    <message>
        <source>A case is being loaded. Wait a moment.</source>
        <translation type="unfinished">Se está cargando un caso. Espere un momento.</translation>
    </message>
    <message>
        <source>{name} is loaded with its result, as after a run; Undo takes both away.</source>
        <translation type="unfinished">{name} está cargado con su resultado, como tras una ejecución; Deshacer quita ambos.</translation>
    </message>
    <message>
        <source>{name} is of {model}, which is not installed in this version: see section Models.</source>
        <translation type="unfinished">{name} es de {model}, que no está instalado en esta versión: vea la sección Modelos.</translation>
    </message>
    <message>
        <source>{name} is in the scene already.</source>
        <translation type="unfinished">{name} ya está en la escena.</translation>
    </message>
    <message>
        <source>Loading {name}...</source>
        <translation type="unfinished">Cargando {name}...</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.channels</name>
    <message>
        <source>Missing</source>
        <translation type="unfinished">Falta</translation>
    </message>
    <message>
        <source>Volume:</source>
        <translation type="unfinished">Volumen:</translation>
    </message>
    <message>
        <source>{name} lies under a transform that flattens space, or is no number: nothing can be measured there. Take it out of the transform (module Transforms), then try again.</source>
        <translation type="unfinished">{name} está bajo una transformación que aplana el espacio o que no contiene números: allí no se puede medir nada. Sáquelo de la transformación (módulo Transforms) e inténtelo de nuevo.</translation>
    </message>
    <message>
        <source>Volume ({channel}):</source>
        <translation type="unfinished">Volumen ({channel}):</translation>
    </message>
    <message>
        <source>{one} and {other} lie under different transforms that are not linear. Harden them (module Transforms), then run again.</source>
        <translation type="unfinished">{one} y {other} están bajo transformaciones distintas que no son lineales. Aplíquelas de forma permanente (Harden, módulo Transforms) y ejecute de nuevo.</translation>
    </message>
    <message>
        <source>{one} is of another patient than {other}, as their DICOM patient IDs say. Choose sequences of one patient.</source>
        <translation type="unfinished">{one} es de otro paciente que {other}, según sus identificadores de paciente DICOM. Elija secuencias de un solo paciente.</translation>
    </message>
    <message>
        <source>{what}. Left empty, it is missing, and the model does without.</source>
        <translation type="unfinished">{what}. Si se deja vacío, falta, y el modelo prescinde de él.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.charts</name>
    <message>
        <source>slice</source>
        <translation type="unfinished">corte</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.choices</name>
    <message>
        <source>as acquired (across the largest spacing)</source>
        <translation type="unfinished">como se adquirió (perpendicular al mayor espaciado)</translation>
    </message>
    <message>
        <source>axial</source>
        <translation type="unfinished">axial</translation>
    </message>
    <message>
        <source>coronal</source>
        <translation type="unfinished">coronal</translation>
    </message>
    <message>
        <source>sagittal</source>
        <translation type="unfinished">sagital</translation>
    </message>
    <message>
        <source>none</source>
        <translation type="unfinished">ninguno</translation>
    </message>
    <message>
        <source>what is attended to, by the learned upscaler (synthetic)</source>
        <translation type="unfinished">aquello a lo que se atiende, con el ampliador aprendido (sintético)</translation>
    </message>
    <message>
        <source>what is attended to, by Lanczos interpolation</source>
        <translation type="unfinished">aquello a lo que se atiende, con interpolación de Lanczos</translation>
    </message>
    <message>
        <source>kind of lesion right</source>
        <translation type="unfinished">tipo de lesión correcto</translation>
    </message>
    <message>
        <source>accuracy</source>
        <translation type="unfinished">exactitud</translation>
    </message>
    <message>
        <source>AUC</source>
        <translation type="unfinished">AUC</translation>
    </message>
    <message>
        <source>F1</source>
        <translation type="unfinished">F1</translation>
    </message>
    <message>
        <source>all findings right</source>
        <translation type="unfinished">todos los hallazgos correctos</translation>
    </message>
    <message>
        <source>Dice</source>
        <translation type="unfinished">Dice</translation>
    </message>
    <message>
        <source>diagnosis right</source>
        <translation type="unfinished">diagnóstico correcto</translation>
    </message>
    <message>
        <source>each finding right</source>
        <translation type="unfinished">cada hallazgo correcto</translation>
    </message>
    <message>
        <source>lesions found</source>
        <translation type="unfinished">lesiones detectadas</translation>
    </message>
    <message>
        <source>healthy slices left empty</source>
        <translation type="unfinished">cortes sanos dejados vacíos</translation>
    </message>
    <message>
        <source>false pieces</source>
        <translation type="unfinished">fragmentos falsos</translation>
    </message>
    <message>
        <source>of what speaks for the diagnosis</source>
        <translation type="unfinished">de lo que habla a favor del diagnóstico</translation>
    </message>
    <message>
        <source>auto</source>
        <translation type="unfinished">automático</translation>
    </message>
    <message>
        <source>for {diagnosis}</source>
        <translation type="unfinished">para {diagnosis}</translation>
    </message>
    <message>
        <source>auto: {device}</source>
        <translation type="unfinished">automático: {device}</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.compare</name>
    <message>
        <source>The comparison was taken back.</source>
        <translation type="unfinished">La comparación se ha deshecho.</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Cancelando...</translation>
    </message>
    <message>
        <source>Choose two segmentations first.</source>
        <translation type="unfinished">Elija primero dos segmentaciones.</translation>
    </message>
    <message>
        <source>{name}: {before} mL, then {after} mL ({change} mL, {percent} %)</source>
        <translation type="unfinished">{name}: {before} mL, después {after} mL ({change} mL, {percent} %)</translation>
    </message>
    <message>
        <source>The segmentation that was compared is no longer in the scene.</source>
        <translation type="unfinished">La segmentación que se comparó ya no está en la escena.</translation>
    </message>
    <message>
        <source>A: {a}; B: {b}</source>
        <translation type="unfinished">A: {a}; B: {b}</translation>
    </message>
    <message>
        <source>Cancel comparing</source>
        <translation type="unfinished">Cancelar la comparación</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation type="unfinished">Comparar</translation>
    </message>
    <message>
        <source>{name}: volumes are not known</source>
        <translation type="unfinished">{name}: volúmenes desconocidos</translation>
    </message>
    <message>
        <source>{name}: {before} mL, then {after} mL ({change} mL)</source>
        <translation type="unfinished">{name}: {before} mL, después {after} mL ({change} mL)</translation>
    </message>
    <message>
        <source>The comparison was cancelled.</source>
        <translation type="unfinished">La comparación se ha cancelado.</translation>
    </message>
    <message>
        <source>Not compared: the segmentation was removed meanwhile.</source>
        <translation type="unfinished">No comparado: la segmentación se quitó entretanto.</translation>
    </message>
    <message>
        <source>Compared. The table is in the scene.</source>
        <translation type="unfinished">Comparado. La tabla está en la escena.</translation>
    </message>
    <message>
        <source>{names}: changed since the comparison. These numbers are of before: compare again.</source>
        <translation type="unfinished">{names}: modificado desde la comparación. Estas cifras son de antes: compare de nuevo.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.comparednodes</name>
    <message>
        <source>Choose two segmentations to compare.</source>
        <translation type="unfinished">Elija dos segmentaciones para comparar.</translation>
    </message>
    <message>
        <source>segmentation</source>
        <translation type="unfinished">segmentación</translation>
    </message>
    <message>
        <source>{name} cannot be converted to a binary labelmap. Do so in the module Segmentations.</source>
        <translation type="unfinished">{name} no se puede convertir en un mapa de etiquetas binario. Hágalo en el módulo Segmentations.</translation>
    </message>
    <message>
        <source>{a} - {b} comparison</source>
        <translation type="unfinished">{a} - {b} comparación</translation>
    </message>
    <message>
        <source>{a} - {b} difference</source>
        <translation type="unfinished">{a} - {b} diferencia</translation>
    </message>
    <message>
        <source>{name} is empty: draw a segment in it first.</source>
        <translation type="unfinished">{name} está vacía: dibuje primero un segmento en ella.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.computer</name>
    <message>
        <source>This computer</source>
        <translation type="unfinished">Este ordenador</translation>
    </message>
    <message>
        <source>A server</source>
        <translation type="unfinished">Un servidor</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Cancelando...</translation>
    </message>
    <message>
        <source>A server needs an address and a key. Its administrator gives you both; or choose This computer.</source>
        <translation type="unfinished">Un servidor necesita una dirección y una clave. Su administrador le da ambas; o elija Este ordenador.</translation>
    </message>
    <message>
        <source>The server was not asked.</source>
        <translation type="unfinished">No se preguntó al servidor.</translation>
    </message>
    <message>
        <source>none</source>
        <translation type="unfinished">ninguno</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">Cancelar</translation>
    </message>
    <message>
        <source>Test connection</source>
        <translation type="unfinished">Probar la conexión</translation>
    </message>
    <message>
        <source>Asking {place}</source>
        <translation type="unfinished">Consultando {place}</translation>
    </message>
    <message>
        <source>{host} answers, takes the key, and has the models {models}.</source>
        <translation type="unfinished">{host} responde, acepta la clave y tiene los modelos {models}.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.consent</name>
    <message>
        <source>The weights of {model} may be used for non-commercial purposes alone: {licence}.

Use them for such a purpose? You are asked once.</source>
        <translation type="unfinished">Los pesos de {model} solo pueden usarse con fines no comerciales: {licence}.

¿Usarlos con tal fin? Solo se pregunta una vez.</translation>
    </message>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.corrections</name>
    <message>
        <source>There is no result of UnifiedViT to add. Run a model on a volume, correct what it has drawn, and add that.</source>
        <translation type="unfinished">No hay ningún resultado de UnifiedViT que añadir. Ejecute un modelo sobre un volumen, corrija lo que ha dibujado y añádalo.</translation>
    </message>
    <message>
        <source>{name} does not know its volume: that is no longer in the scene, or {name} is a copy, or plays a sequence. Run on the volume again, and add that.</source>
        <translation type="unfinished">{name} no conoce su volumen: ya no está en la escena, o {name} es una copia o reproduce una secuencia. Ejecute de nuevo sobre el volumen y añada ese resultado.</translation>
    </message>
    <message>
        <source>{volume} no longer has the voxels that {name} was drawn on: it was changed, or its sequence shows another item. Show that item again, or run again, then add.</source>
        <translation type="unfinished">{volume} ya no tiene los vóxeles sobre los que se dibujó {name}: se modificó, o su secuencia muestra otro elemento. Vuelva a mostrar ese elemento o ejecute de nuevo, y después añada.</translation>
    </message>
    <message>
        <source>{name} has several results ({results}). Say which one, as segmentationNode.</source>
        <translation type="unfinished">{name} tiene varios resultados ({results}). Indique cuál con segmentationNode.</translation>
    </message>
    <message>
        <source>{name} looks at several sequences: a dataset of corrections holds images of one alone.</source>
        <translation type="unfinished">{name} mira varias secuencias: un conjunto de datos de correcciones solo contiene imágenes de una.</translation>
    </message>
    <message>
        <source>{name} lies under a transform that bends space. Take it out of the transform (module Transforms), and its segmentation too, then add again.</source>
        <translation type="unfinished">{name} está bajo una transformación que deforma el espacio. Sáquelo de la transformación (módulo Transforms), junto con su segmentación, y añádalo de nuevo.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.dicomresults</name>
    <message>
        <source>Only results of volumes that were loaded with Slicer&apos;s DICOM module can be saved as DICOM: they refer to the original images.</source>
        <translation type="unfinished">Solo los resultados de volúmenes cargados con el módulo DICOM de Slicer pueden guardarse como DICOM: se refieren a las imágenes originales.</translation>
    </message>
    <message>
        <source>DICOM objects are made of results of this session alone, and there is none: a result that was loaded with a scene lacks what they need. Run again.</source>
        <translation type="unfinished">Los objetos DICOM solo se crean a partir de resultados de esta sesión, y no hay ninguno: a un resultado cargado con una escena le falta lo que necesitan. Ejecute de nuevo.</translation>
    </message>
    <message>
        <source>{gone} of the {count} images of {name} are no longer in Slicer&apos;s DICOM database, or their files have gone. Import them again (module Add DICOM Data), then save.</source>
        <translation type="unfinished">{gone} de las {count} imágenes de {name} ya no están en la base de datos DICOM de Slicer, o sus archivos han desaparecido. Impórtelas de nuevo (módulo Add DICOM Data) y después guarde.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.dicomview</name>
    <message>
        <source>{count} DICOM objects are written: {first} and others beside it.</source>
        <translation type="unfinished">{count} objetos DICOM escritos: {first} y otros junto a él.</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Cancelando...</translation>
    </message>
    <message>
        <source>Mask, report, maps and picture as DICOM objects that refer to the original images: the result as it was computed, without later changes to its segments.</source>
        <translation type="unfinished">Máscara, informe, mapas e imagen como objetos DICOM que se refieren a las imágenes originales: el resultado tal como se calculó, sin cambios posteriores en sus segmentos.</translation>
    </message>
    <message>
        <source>Folder for the DICOM objects</source>
        <translation type="unfinished">Carpeta para los objetos DICOM</translation>
    </message>
    <message>
        <source>Add the objects to Slicer&apos;s DICOM database, too?</source>
        <translation type="unfinished">¿Añadir los objetos también a la base de datos DICOM de Slicer?</translation>
    </message>
    <message>
        <source>{count} DICOM objects are written and in Slicer&apos;s DICOM database: {first} and others beside it.</source>
        <translation type="unfinished">{count} objetos DICOM escritos y en la base de datos DICOM de Slicer: {first} y otros junto a él.</translation>
    </message>
    <message>
        <source>Cancel saving</source>
        <translation type="unfinished">Cancelar guardado</translation>
    </message>
    <message>
        <source>Save as DICOM...</source>
        <translation type="unfinished">Guardar DICOM...</translation>
    </message>
    <message>
        <source>Not saved: the segments were changed since the run.</source>
        <translation type="unfinished">No guardado: los segmentos se han modificado desde la ejecución.</translation>
    </message>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>The segments were changed since the run. The DICOM objects say what the model drew, without these changes, which Slicer&apos;s own export (Export to DICOM) writes. Write them?</source>
        <translation type="unfinished">Los segmentos se han modificado desde la ejecución. Los objetos DICOM dicen lo que dibujó el modelo, sin estos cambios, que escribe la exportación propia de Slicer (Export to DICOM). ¿Escribirlos?</translation>
    </message>
    <message>
        <source>Results as DICOM need the package highdicom with what it needs (about 20 MB). Packages that are already there stay as they are. Install now?</source>
        <translation type="unfinished">Los resultados como DICOM necesitan el paquete highdicom y sus dependencias (unos 20 MB). Los paquetes que ya están no cambian. ¿Instalar ahora?</translation>
    </message>
    <message>
        <source>Not saved: nothing was installed.</source>
        <translation type="unfinished">No guardado: no se instaló nada.</translation>
    </message>
    <message>
        <source>Saving was cancelled.</source>
        <translation type="unfinished">El guardado se ha cancelado.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.furtherfiles</name>
    <message>
        <source>missing</source>
        <translation type="unfinished">falta</translation>
    </message>
    <message>
        <source>{what}: the name of its file beside each image, with a * for what the * of the pattern stands for, for example *_{name}.nii.gz beside *_t1c.nii.gz. Left empty, it is missing, and the model does without.</source>
        <translation type="unfinished">{what}: el nombre de su archivo junto a cada imagen, con un * por lo que representa el * del patrón, por ejemplo *_{name}.nii.gz junto a *_t1c.nii.gz. Si se deja vacío, falta, y el modelo prescinde de ella.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.maps</name>
    <message>
        <source>Heat map: {diagnosis}</source>
        <translation type="unfinished">Mapa de calor: {diagnosis}</translation>
    </message>
    <message>
        <source>What speaks for {diagnosis}, by {method}</source>
        <translation type="unfinished">Lo que habla a favor de {diagnosis}, según {method}</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.models</name>
    <message>
        <source>Downloaded and imported models: {models:.1f} MB, networks compiled for this computer: {compiled:.1f} MB; in {folder}</source>
        <translation type="unfinished">Modelos descargados e importados: {models:.1f} MB, redes compiladas para este equipo: {compiled:.1f} MB; en {folder}</translation>
    </message>
    <message>
        <source>Download {name} {version} ({size:.0f} MB)? Its weights are under {licence}. It is kept in {folder}.</source>
        <translation type="unfinished">¿Descargar {name} {version} ({size:.0f} MB)? Sus pesos están bajo {licence}. Se guarda en {folder}.</translation>
    </message>
    <message>
        <source>Remove all downloaded and imported models, and networks compiled for this computer, which are compiled again when they are needed ({size:.1f} MB), from {folder}?</source>
        <translation type="unfinished">¿Quitar de {folder} todos los modelos descargados e importados, y las redes compiladas para este equipo, que se compilan de nuevo cuando hacen falta ({size:.1f} MB)?</translation>
    </message>
    <message>
        <source>{version} (installed)</source>
        <translation type="unfinished">{version} (instalada)</translation>
    </message>
    <message>
        <source>comes with UnifiedViT</source>
        <translation type="unfinished">incluido en UnifiedViT</translation>
    </message>
    <message>
        <source>installed</source>
        <translation type="unfinished">instalado</translation>
    </message>
    <message>
        <source>update available</source>
        <translation type="unfinished">actualización disponible</translation>
    </message>
    <message>
        <source>to download</source>
        <translation type="unfinished">por descargar</translation>
    </message>
    <message>
        <source>not to be had</source>
        <translation type="unfinished">no disponible</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Cancelando...</translation>
    </message>
    <message>
        <source>Folder for downloaded models</source>
        <translation type="unfinished">Carpeta para los modelos descargados</translation>
    </message>
    <message>
        <source>no folder</source>
        <translation type="unfinished">ninguna carpeta</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">Cancelar</translation>
    </message>
    <message>
        <source>Download...</source>
        <translation type="unfinished">Descargar...</translation>
    </message>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>A model&apos;s folder</source>
        <translation type="unfinished">La carpeta de un modelo</translation>
    </message>
    <message>
        <source>The model was removed.</source>
        <translation type="unfinished">El modelo se ha quitado.</translation>
    </message>
    <message>
        <source>All downloaded and imported models and all compiled networks were removed.</source>
        <translation type="unfinished">Se han quitado todos los modelos descargados e importados y todas las redes compiladas.</translation>
    </message>
    <message>
        <source>{state}, {size:.1f} MB</source>
        <translation type="unfinished">{state}, {size:.1f} MB</translation>
    </message>
    <message>
        <source>Needs PyTorch.</source>
        <translation type="unfinished">Necesita PyTorch.</translation>
    </message>
    <message>
        <source>Version {version}, which it took the place of, is used again.</source>
        <translation type="unfinished">Se vuelve a usar la versión {version}, a la que había sustituido.</translation>
    </message>
    <message>
        <source>{state}, {place}</source>
        <translation type="unfinished">{state}, {place}</translation>
    </message>
    <message>
        <source>It comes from {place}.</source>
        <translation type="unfinished">Viene de {place}.</translation>
    </message>
    <message>
        <source>It takes the place of version {version}.</source>
        <translation type="unfinished">Sustituye a la versión {version}.</translation>
    </message>
    <message>
        <source>Remove {name} {version} from {folder}?</source>
        <translation type="unfinished">¿Quitar {name} {version} de {folder}?</translation>
    </message>
    <message>
        <source>Models are kept in {folder} from now on.</source>
        <translation type="unfinished">A partir de ahora los modelos se guardan en {folder}.</translation>
    </message>
    <message>
        <source>Cancelled. What is there already is kept for next time.</source>
        <translation type="unfinished">Cancelado. Lo que ya está se conserva para la próxima vez.</translation>
    </message>
    <message>
        <source>A model&apos;s .zip, or its model.json</source>
        <translation type="unfinished">El .zip de un modelo, o su model.json</translation>
    </message>
    <message>
        <source>Models (*.zip model.json)</source>
        <translation type="unfinished">Modelos (*.zip model.json)</translation>
    </message>
    <message>
        <source>The model is installed.</source>
        <translation type="unfinished">El modelo está instalado.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.panel</name>
    <message>
        <source>{value} (not installed)</source>
        <translation type="unfinished">{value} (no instalado)</translation>
    </message>
    <message>
        <source>{value} (not available here)</source>
        <translation type="unfinished">{value} (no disponible aquí)</translation>
    </message>
    <message>
        <source>Model {model} is not installed: choose another, or see section Models.</source>
        <translation type="unfinished">El modelo {model} no está instalado: elija otro, o vea la sección Modelos.</translation>
    </message>
    <message>
        <source>Starting...</source>
        <translation type="unfinished">Iniciando...</translation>
    </message>
    <message>
        <source>The result was taken back.</source>
        <translation type="unfinished">El resultado se ha deshecho.</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Cancelando...</translation>
    </message>
    <message>
        <source>Ctrl+Enter runs, Esc cancels.</source>
        <translation type="unfinished">Ctrl+Intro ejecuta, Esc cancela.</translation>
    </message>
    <message>
        <source>Choose a volume and a model first.</source>
        <translation type="unfinished">Elija primero un volumen y un modelo.</translation>
    </message>
    <message>
        <source>for {value} (not of this model)</source>
        <translation type="unfinished">para {value} (no de este modelo)</translation>
    </message>
    <message>
        <source>Cancelled. The scene is as it was.</source>
        <translation type="unfinished">Cancelado. La escena está como estaba.</translation>
    </message>
    <message>
        <source>Not run: the licence of the weights was not agreed to.</source>
        <translation type="unfinished">No ejecutado: no se aceptó la licencia de los pesos.</translation>
    </message>
    <message>
        <source>The volume was removed from the scene: its run was ended.</source>
        <translation type="unfinished">El volumen se quitó de la escena: su ejecución se ha terminado.</translation>
    </message>
    <message>
        <source>A run is under way. Wait until it has ended, then load the case again.</source>
        <translation type="unfinished">Hay una ejecución en curso. Espere a que termine y vuelva a cargar el caso.</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">Cancelar</translation>
    </message>
    <message>
        <source>Run on the server</source>
        <translation type="unfinished">Ejecutar en el servidor</translation>
    </message>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>Run</source>
        <translation type="unfinished">Ejecutar</translation>
    </message>
    <message>
        <source>The result could not be put into the scene, which is as it was ({error}). Free memory and run again; if that does not help, please report it.</source>
        <translation type="unfinished">El resultado no pudo añadirse a la escena, que está como estaba ({error}). Libere memoria y ejecute de nuevo; si no ayuda, notifíquelo, por favor.</translation>
    </message>
    <message>
        <source>Run {count} models</source>
        <translation type="unfinished">Ejecutar {count} modelos</translation>
    </message>
    <message>
        <source>&lt;b&gt;Expects&lt;/b&gt; {what}</source>
        <translation type="unfinished">&lt;b&gt;Espera&lt;/b&gt; {what}</translation>
    </message>
    <message>
        <source>Not taken back: the result was changed since the run.</source>
        <translation type="unfinished">No se retiró: el resultado se modificó desde la ejecución.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Weights&lt;/b&gt; {licence}</source>
        <translation type="unfinished">&lt;b&gt;Pesos&lt;/b&gt; {licence}</translation>
    </message>
    <message>
        <source>Done in {seconds:.1f} s.</source>
        <translation type="unfinished">Terminado en {seconds:.1f} s.</translation>
    </message>
    <message>
        <source>Segments, names or the table of the result were changed since the run. Undo takes these changes away too. Take the result back?</source>
        <translation type="unfinished">Los segmentos, los nombres o la tabla del resultado se modificaron desde la ejecución. Deshacer elimina también estos cambios. ¿Retirar el resultado?</translation>
    </message>
    <message>
        <source> (about {seconds:.0f} s left)</source>
        <translation type="unfinished"> (quedan unos {seconds:.0f} s)</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.patient</name>
    <message>
        <source>Choose at least one result of UnifiedViT.</source>
        <translation type="unfinished">Elija al menos un resultado de UnifiedViT.</translation>
    </message>
    <message>
        <source>{name}: {value}</source>
        <translation type="unfinished">{name}: {value}</translation>
    </message>
    <message>
        <source>{name}: {value} (without it, {diagnosis} {probability})</source>
        <translation type="unfinished">{name}: {value} (sin ello, {diagnosis} {probability})</translation>
    </message>
    <message>
        <source>Missing</source>
        <translation type="unfinished">Falta</translation>
    </message>
    <message>
        <source>{name} is of another patient than {other}. Choose the images of one patient.</source>
        <translation type="unfinished">{name} es de otro paciente que {other}. Elija las imágenes de un solo paciente.</translation>
    </message>
    <message>
        <source>The result {name} of this scene is damaged. Run the model again.</source>
        <translation type="unfinished">El resultado {name} de esta escena está dañado. Ejecute el modelo de nuevo.</translation>
    </message>
    <message>
        <source>The results in the scene have changed meanwhile. Check them again.</source>
        <translation type="unfinished">Los resultados de la escena han cambiado entretanto. Márquelos de nuevo.</translation>
    </message>
    <message>
        <source>Images alone: {diagnosis} {probability}</source>
        <translation type="unfinished">Solo las imágenes: {diagnosis} {probability}</translation>
    </message>
    <message>
        <source>A package that the model needs is missing ({error}). Run the model once: the panel offers to install it.</source>
        <translation type="unfinished">Falta un paquete que el modelo necesita ({error}). Ejecute el modelo una vez: el panel ofrece instalarlo.</translation>
    </message>
    <message>
        <source>{name} is no result of {model} {version}. Look at all images with one model.</source>
        <translation type="unfinished">{name} no es un resultado de {model} {version}. Examine todas las imágenes con un solo modelo.</translation>
    </message>
    <message>
        <source>Missing: {fields}</source>
        <translation type="unfinished">Falta: {fields}</translation>
    </message>
    <message>
        <source>{name} and {other} are results of one image, which would count twice. Choose one of them.</source>
        <translation type="unfinished">{name} y {other} son resultados de una misma imagen, que contaría dos veces. Elija uno de ellos.</translation>
    </message>
    <message>
        <source>From {low} to {high}. The model has learnt from {first} to {last}.</source>
        <translation type="unfinished">De {low} a {high}. El modelo ha aprendido de {first} a {last}.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.region</name>
    <message>
        <source>none</source>
        <translation type="unfinished">ninguno</translation>
    </message>
    <message>
        <source>Region of interest</source>
        <translation type="unfinished">Región de interés</translation>
    </message>
    <message>
        <source>A region of interest is a Markups ROI or a segmentation with a segment. Choose one of these.</source>
        <translation type="unfinished">Una región de interés es una ROI de Markups o una segmentación con un segmento. Elija una de ellas.</translation>
    </message>
    <message>
        <source>{name} is not placed yet. Draw it in a slice view first.</source>
        <translation type="unfinished">{name} aún no está colocada. Dibújela primero en una vista de corte.</translation>
    </message>
    <message>
        <source>{name} is inside out: it names what is not of interest. Switch that off in the module Markups.</source>
        <translation type="unfinished">{name} está invertida (inside out): designa lo que no es de interés. Desactívelo en el módulo Markups.</translation>
    </message>
    <message>
        <source>{name} has no segment {segment}; there are: {there}. Choose one of them for the region.</source>
        <translation type="unfinished">{name} no tiene el segmento {segment}; hay: {there}. Elija uno de ellos para la región.</translation>
    </message>
    <message>
        <source>Region of interest: {name}</source>
        <translation type="unfinished">Región de interés: {name}</translation>
    </message>
    <message>
        <source>ROI {name}</source>
        <translation type="unfinished">ROI {name}</translation>
    </message>
    <message>
        <source>{segment} (not there)</source>
        <translation type="unfinished">{segment} (no está)</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.repositories</name>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Cancelando...</translation>
    </message>
    <message>
        <source>{place} (signed)</source>
        <translation type="unfinished">{place} (firmado)</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">Cancelar</translation>
    </message>
    <message>
        <source>Look for updates</source>
        <translation type="unfinished">Buscar novedades</translation>
    </message>
    <message>
        <source>The repository is forgotten. Models that came from it stay.</source>
        <translation type="unfinished">El repositorio se ha olvidado. Los modelos que vinieron de él se quedan.</translation>
    </message>
    <message>
        <source>Cancelled. The models that were known are listed still.</source>
        <translation type="unfinished">Cancelado. Los modelos conocidos siguen en la lista.</translation>
    </message>
    <message>
        <source>Nothing new.</source>
        <translation type="unfinished">Nada nuevo.</translation>
    </message>
    <message>
        <source>As of {time}</source>
        <translation type="unfinished">A fecha de {time}</translation>
    </message>
    <message>
        <source>The repository is added; models in it: {count}.</source>
        <translation type="unfinished">El repositorio se ha añadido; modelos en él: {count}.</translation>
    </message>
    <message>
        <source>New: {models}.</source>
        <translation type="unfinished">Nuevo: {models}.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.results</name>
    <message>
        <source>nothing drawn</source>
        <translation type="unfinished">nada dibujado</translation>
    </message>
    <message>
        <source>drawn, size not known</source>
        <translation type="unfinished">dibujado, tamaño desconocido</translation>
    </message>
    <message>
        <source>The line marks the probability from which on it is found.</source>
        <translation type="unfinished">La línea marca la probabilidad a partir de la cual se considera hallado.</translation>
    </message>
    <message>
        <source>Save report</source>
        <translation type="unfinished">Guardar informe</translation>
    </message>
    <message>
        <source>HTML (*.html)</source>
        <translation type="unfinished">HTML (*.html)</translation>
    </message>
    <message>
        <source>{ml:.2f} mL</source>
        <translation type="unfinished">{ml:.2f} mL</translation>
    </message>
    <message>
        <source>Probability of each class, slice by slice: {classes}</source>
        <translation type="unfinished">Probabilidad de cada clase, corte a corte: {classes}</translation>
    </message>
    <message>
        <source>The surface could not be made from this segmentation.</source>
        <translation type="unfinished">No se pudo crear la superficie a partir de esta segmentación.</translation>
    </message>
    <message>
        <source>Nothing is drawn in this segmentation.</source>
        <translation type="unfinished">No hay nada dibujado en esta segmentación.</translation>
    </message>
    <message>
        <source>The result is in the clipboard.</source>
        <translation type="unfinished">El resultado está en el portapapeles.</translation>
    </message>
    <message>
        <source>This result is of {name}, not of the volume that is chosen above.</source>
        <translation type="unfinished">Este resultado es de {name}, no del volumen elegido arriba.</translation>
    </message>
    <message>
        <source>The report is in {path}</source>
        <translation type="unfinished">El informe está en {path}</translation>
    </message>
    <message>
        <source>, item {number}</source>
        <translation type="unfinished">, elemento {number}</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.run</name>
    <message>
        <source>The volume was removed from the scene before its result came.</source>
        <translation type="unfinished">El volumen se quitó de la escena antes de que llegara su resultado.</translation>
    </message>
    <message>
        <source>The voxels of {names} were changed while the model looked at them: this is the result for the voxels as they were. Run again.</source>
        <translation type="unfinished">Los vóxeles de {names} se modificaron mientras el modelo los examinaba: este es el resultado de los vóxeles tal como eran. Ejecute de nuevo.</translation>
    </message>
    <message>
        <source>{name} holds the result of another volume, and stays: this result is in a new segmentation.</source>
        <translation type="unfinished">{name} contiene el resultado de otro volumen y se conserva: este resultado está en una segmentación nueva.</translation>
    </message>
    <message>
        <source>The segments of {name} were changed since its run, and stay: this result is in a new segmentation.</source>
        <translation type="unfinished">Los segmentos de {name} se modificaron desde su ejecución y se conservan: este resultado está en una segmentación nueva.</translation>
    </message>
    <message>
        <source>{name} holds what no run has made, and stays: this result is in a new segmentation.</source>
        <translation type="unfinished">{name} contiene lo que ninguna ejecución ha hecho y se conserva: este resultado está en una segmentación nueva.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.sentences</name>
    <message>
        <source>{number} of {count}, {name}: {stage}</source>
        <translation type="unfinished">{number} de {count}, {name}: {stage}</translation>
    </message>
    <message>
        <source>Loading the model</source>
        <translation type="unfinished">Cargando el modelo</translation>
    </message>
    <message>
        <source>Preparing</source>
        <translation type="unfinished">Preparando</translation>
    </message>
    <message>
        <source>Looking at slice {slice} of {count}</source>
        <translation type="unfinished">Examinando el corte {slice} de {count}</translation>
    </message>
    <message>
        <source>Explaining slice {slice} of {count}</source>
        <translation type="unfinished">Explicando el corte {slice} de {count}</translation>
    </message>
    <message>
        <source>Super-resolution, region {region} of {count}</source>
        <translation type="unfinished">Superresolución, región {region} de {count}</translation>
    </message>
    <message>
        <source>Comparing ways to compute, once on this computer</source>
        <translation type="unfinished">Comparando formas de cálculo, una sola vez en este equipo</translation>
    </message>
    <message>
        <source>Laying the segmentations over each other</source>
        <translation type="unfinished">Superponiendo las segmentaciones</translation>
    </message>
    <message>
        <source>Comparing {name}</source>
        <translation type="unfinished">Comparando {name}</translation>
    </message>
    <message>
        <source>Reading the DICOM images</source>
        <translation type="unfinished">Leyendo las imágenes DICOM</translation>
    </message>
    <message>
        <source>Making DICOM objects</source>
        <translation type="unfinished">Creando los objetos DICOM</translation>
    </message>
    <message>
        <source>Writing DICOM objects</source>
        <translation type="unfinished">Escribiendo los objetos DICOM</translation>
    </message>
    <message>
        <source>Asking {place}</source>
        <translation type="unfinished">Consultando {place}</translation>
    </message>
    <message>
        <source>Sending to {place}</source>
        <translation type="unfinished">Enviando a {place}</translation>
    </message>
    <message>
        <source>Waiting on {place}: {number} in line</source>
        <translation type="unfinished">Esperando a {place}: puesto {number}</translation>
    </message>
    <message>
        <source>Fetching from {place}</source>
        <translation type="unfinished">Recibiendo de {place}</translation>
    </message>
    <message>
        <source>Reading the result</source>
        <translation type="unfinished">Leyendo el resultado</translation>
    </message>
    <message>
        <source>Loading the training package</source>
        <translation type="unfinished">Cargando el paquete de entrenamiento</translation>
    </message>
    <message>
        <source>Preparing the cases</source>
        <translation type="unfinished">Preparando los casos</translation>
    </message>
    <message>
        <source>Learning: epoch {number} of {count}</source>
        <translation type="unfinished">Aprendiendo: época {number} de {count}</translation>
    </message>
    <message>
        <source>Evaluating</source>
        <translation type="unfinished">Evaluando</translation>
    </message>
    <message>
        <source>Evaluating whole volumes</source>
        <translation type="unfinished">Evaluando volúmenes enteros</translation>
    </message>
    <message>
        <source>Evaluating on the reference</source>
        <translation type="unfinished">Evaluando en la referencia</translation>
    </message>
    <message>
        <source>Comparing the two models</source>
        <translation type="unfinished">Comparando los dos modelos</translation>
    </message>
    <message>
        <source>Writing the model</source>
        <translation type="unfinished">Escribiendo el modelo</translation>
    </message>
    <message>
        <source>Installing PyTorch</source>
        <translation type="unfinished">Instalando PyTorch</translation>
    </message>
    <message>
        <source>Installing packages</source>
        <translation type="unfinished">Instalando paquetes</translation>
    </message>
    <message>
        <source>Looking for the build that fits the GPU</source>
        <translation type="unfinished">Buscando la compilación adecuada para la GPU</translation>
    </message>
    <message>
        <source>Looking for packages</source>
        <translation type="unfinished">Buscando paquetes</translation>
    </message>
    <message>
        <source>Fetching packages</source>
        <translation type="unfinished">Descargando paquetes</translation>
    </message>
    <message>
        <source>Trying the packages</source>
        <translation type="unfinished">Probando los paquetes</translation>
    </message>
    <message>
        <source>Putting packages in place</source>
        <translation type="unfinished">Colocando los paquetes en su lugar</translation>
    </message>
    <message>
        <source>A 2-D image tells neither its orientation nor its thickness: sizes are not known, no volumes in mL are given.</source>
        <translation type="unfinished">Una imagen 2D no indica ni su orientación ni su grosor: los tamaños se desconocen y no se dan volúmenes en mL.</translation>
    </message>
    <message>
        <source>The image does not tell the size of its voxels: sizes are not known, no volumes in mL are given.</source>
        <translation type="unfinished">La imagen no indica el tamaño de sus vóxeles: los tamaños se desconocen y no se dan volúmenes en mL.</translation>
    </message>
    <message>
        <source>The image does not tell how its axes lie in the patient: right and left may be exchanged, and slices turned. Compare them with the original.</source>
        <translation type="unfinished">La imagen no indica cómo se orientan sus ejes en el paciente: derecha e izquierda pueden estar intercambiadas, y los cortes girados. Compárelos con el original.</translation>
    </message>
    <message>
        <source>The image is much coarser than what the model was trained on; small findings cannot be seen.</source>
        <translation type="unfinished">La imagen es mucho más gruesa que aquellas con las que se entrenó el modelo; los hallazgos pequeños no se pueden ver.</translation>
    </message>
    <message>
        <source>Without {channels}: the model was not given all that it can use.</source>
        <translation type="unfinished">Sin {channels}: el modelo no recibió todo lo que puede usar.</translation>
    </message>
    <message>
        <source>Without {channels}: the model was not given all that it can use. Whether it was trained on such images is not judged.</source>
        <translation type="unfinished">Sin {channels}: el modelo no recibió todo lo que puede usar. No se evalúa si se entrenó con tales imágenes.</translation>
    </message>
    <message>
        <source>The slices are shifted against each other by up to {distance} mm (a gantry tilted by {degrees}°): the volume was corrected to right angles.</source>
        <translation type="unfinished">Los cortes están desplazados entre sí hasta {distance} mm (gantry inclinado {degrees}°): el volumen se corrigió a ángulos rectos.</translation>
    </message>
    <message>
        <source>The slices are not quite evenly spaced: positions may be off by up to {distance} mm.</source>
        <translation type="unfinished">Los cortes no están espaciados de forma del todo uniforme: las posiciones pueden desviarse hasta {distance} mm.</translation>
    </message>
    <message>
        <source>The image says that it is {modality}; this model knows {expected}. Do not rely on the answer.</source>
        <translation type="unfinished">La imagen dice ser {modality}; este modelo conoce {expected}. No se fíe de la respuesta.</translation>
    </message>
    <message>
        <source>Air has negative values, as in CT (Hounsfield units); this model knows {expected}. Do not rely on the answer.</source>
        <translation type="unfinished">El aire tiene valores negativos, como en la TC (unidades Hounsfield); este modelo conoce {expected}. No se fíe de la respuesta.</translation>
    </message>
    <message>
        <source>{name} has only {count} different values: a mask or a label map, not a scan. Check that the right file was loaded.</source>
        <translation type="unfinished">{name} tiene solo {count} valores distintos: una máscara o un mapa de etiquetas, no una adquisición. Compruebe que se cargó el archivo correcto.</translation>
    </message>
    <message>
        <source>The image does not look like what the model was trained on ({where} further from the training images than 99% of the images kept for validation). Do not rely on the answer.</source>
        <translation type="unfinished">La imagen no se parece a aquellas con las que se entrenó el modelo ({where} más lejos de las imágenes de entrenamiento que el 99% de las imágenes reservadas para la validación). No se fíe de la respuesta.</translation>
    </message>
    <message>
        <source>it lies</source>
        <translation type="unfinished">se sitúa</translation>
    </message>
    <message>
        <source>{share} of its slices lie</source>
        <translation type="unfinished">el {share} de sus cortes se sitúa</translation>
    </message>
    <message>
        <source>The image seems to be {rotation}: put right, it would look more like what the model was trained on. Check its orientation.</source>
        <translation type="unfinished">La imagen parece estar {rotation}: enderezada, se parecería más a aquellas con las que se entrenó el modelo. Compruebe su orientación.</translation>
    </message>
    <message>
        <source>upside down</source>
        <translation type="unfinished">boca abajo</translation>
    </message>
    <message>
        <source>turned to the right</source>
        <translation type="unfinished">girada a la derecha</translation>
    </message>
    <message>
        <source>turned to the left</source>
        <translation type="unfinished">girada a la izquierda</translation>
    </message>
    <message>
        <source>uncertain — review</source>
        <translation type="unfinished">incierto — revisar</translation>
    </message>
    <message>
        <source>The diagnosis is never to be taken without a reader: of this model&apos;s answers to the images that it was judged on, too many were wrong, however sure it was. Review it.</source>
        <translation type="unfinished">El diagnóstico nunca debe aceptarse sin un lector: de las respuestas de este modelo a las imágenes con las que se evaluó, demasiadas fueron erróneas, por seguro que estuviera. Revíselo.</translation>
    </message>
    <message>
        <source>The diagnosis is uncertain ({probability} {meaning}, under {threshold}): review it.</source>
        <translation type="unfinished">El diagnóstico es incierto ({probability} {meaning}, por debajo de {threshold}): revíselo.</translation>
    </message>
    <message>
        <source>confidence over all passes</source>
        <translation type="unfinished">de confianza en todas las pasadas</translation>
    </message>
    <message>
        <source>for the likeliest class</source>
        <translation type="unfinished">para la clase más probable</translation>
    </message>
    <message>
        <source>The two answers contradict each other: the diagnosis is {diagnosis}, yet {region} is drawn.</source>
        <translation type="unfinished">Las dos respuestas se contradicen: el diagnóstico es {diagnosis}, pero {region}.</translation>
    </message>
    <message>
        <source>a region</source>
        <translation type="unfinished">hay una región dibujada</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation type="unfinished">no hay nada dibujado</translation>
    </message>
    <message>
        <source>The two answers contradict each other: {finding} found, yet {segment} is not drawn.</source>
        <translation type="unfinished">Las dos respuestas se contradicen: se encontró {finding}, pero {segment} no está dibujado.</translation>
    </message>
    <message>
        <source>The two answers contradict each other: {segment} is drawn, yet {finding} is not found.</source>
        <translation type="unfinished">Las dos respuestas se contradicen: {segment} está dibujado, pero no se encontró {finding}.</translation>
    </message>
    <message>
        <source>Uncertain, as close to the threshold: {findings}. Review it.</source>
        <translation type="unfinished">Incierto, por estar cerca del umbral: {findings}. Revíselo.</translation>
    </message>
    <message>
        <source>The segments were changed since the run: amounts and sentences are of what the model drew, outlines as they are now.</source>
        <translation type="unfinished">Los segmentos se modificaron después de la ejecución: las cantidades y las frases corresponden a lo que dibujó el modelo; los contornos, a su estado actual.</translation>
    </message>
    <message>
        <source>The volume and its segmentation were moved apart since the run: outlines lie beside what they outline. Move both alike, or run again.</source>
        <translation type="unfinished">El volumen y su segmentación se han separado desde la ejecución: los contornos quedan al lado de lo que delimitan. Muévalos por igual o ejecute de nuevo.</translation>
    </message>
    <message>
        <source>The volume was moved or resized since the run: places and sizes in words are as they were then.</source>
        <translation type="unfinished">El volumen se ha movido o redimensionado desde la ejecución: los lugares y tamaños del texto son los de entonces.</translation>
    </message>
    <message>
        <source>The volume has gone, or no longer has the voxels that were looked at: it was changed, or its sequence shows another item. The result is of what it was; a report has no pictures.</source>
        <translation type="unfinished">El volumen ya no está, o ya no tiene los vóxeles que se examinaron: se modificó, o su secuencia muestra otro elemento. El resultado corresponde al estado anterior; un informe no tiene imágenes.</translation>
    </message>
    <message>
        <source>Metadata changed the diagnosis: from the images alone it would be {diagnosis}.</source>
        <translation type="unfinished">Los metadatos han cambiado el diagnóstico: por las imágenes solas sería {diagnosis}.</translation>
    </message>
    <message>
        <source>The images contradict each other: {diagnoses}.</source>
        <translation type="unfinished">Las imágenes se contradicen: {diagnoses}.</translation>
    </message>
    <message>
        <source>The patient&apos;s diagnosis is uncertain ({diagnosis}, under {threshold}): review it.</source>
        <translation type="unfinished">El diagnóstico del paciente es incierto ({diagnosis}, menos de {threshold}): revíselo.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.sequences</name>
    <message>
        <source>No sequence is chosen. Load a sequence of volumes and choose it.</source>
        <translation type="unfinished">No se eligió ninguna secuencia. Cargue una secuencia de volúmenes y elíjala.</translation>
    </message>
    <message>
        <source>The sequence was removed from the scene: its run was ended.</source>
        <translation type="unfinished">La secuencia se quitó de la escena: su ejecución terminó.</translation>
    </message>
    <message>
        <source>{name} is in no scene. Add it to one.</source>
        <translation type="unfinished">{name} no está en ninguna escena. Añádalo a una.</translation>
    </message>
    <message>
        <source>{name} has no items. Load the sequence again.</source>
        <translation type="unfinished">{name} no tiene elementos. Cargue la secuencia de nuevo.</translation>
    </message>
    <message>
        <source>{name} is no sequence of volumes. Choose one of volumes.</source>
        <translation type="unfinished">{name} no es una secuencia de volúmenes. Elija una de volúmenes.</translation>
    </message>
    <message>
        <source>The item {index} was taken out of the sequence, or given another index, meanwhile. Run the sequence again.</source>
        <translation type="unfinished">Entretanto, el elemento {index} se quitó de la secuencia o recibió otro índice. Ejecute la secuencia de nuevo.</translation>
    </message>
    <message>
        <source>{name} was changed while it was looked at: its voxels, spacing, origin or directions. Run the sequence again.</source>
        <translation type="unfinished">{name} se modificó mientras se examinaba: sus vóxeles, espaciado, origen o direcciones. Ejecute la secuencia de nuevo.</translation>
    </message>
    <message>
        <source>item {number} of {count}: {stage}</source>
        <translation type="unfinished">elemento {number} de {count}: {stage}</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.sequenceview</name>
    <message>
        <source>The run of the sequence was taken back.</source>
        <translation type="unfinished">Se ha deshecho la ejecución de la secuencia.</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Cancelando...</translation>
    </message>
    <message>
        <source>Not run: the licence of the weights was not agreed to.</source>
        <translation type="unfinished">No ejecutado: no se aceptó la licencia de los pesos.</translation>
    </message>
    <message>
        <source>failed</source>
        <translation type="unfinished">fallido</translation>
    </message>
    <message>
        <source>No sequence browser plays this sequence: make one in the module Sequences.</source>
        <translation type="unfinished">Ningún navegador de secuencias reproduce esta secuencia: cree uno en el módulo Sequences.</translation>
    </message>
    <message>
        <source>The plot is no longer in the scene.</source>
        <translation type="unfinished">El gráfico ya no está en la escena.</translation>
    </message>
    <message>
        <source>Cancel sequence</source>
        <translation type="unfinished">Cancelar secuencia</translation>
    </message>
    <message>
        <source>Run sequence on the server</source>
        <translation type="unfinished">Ejecutar secuencia en el servidor</translation>
    </message>
    <message>
        <source>Run sequence</source>
        <translation type="unfinished">Ejecutar secuencia</translation>
    </message>
    <message>
        <source>The sequence was removed from the scene: its run was ended.</source>
        <translation type="unfinished">La secuencia se quitó de la escena: su ejecución terminó.</translation>
    </message>
    <message>
        <source>{done} of {count} items are done; they play with the volumes, and a table and a plot over time are in the scene.</source>
        <translation type="unfinished">{done} de {count} elementos están listos; se reproducen con los volúmenes, y en la escena hay una tabla y un gráfico en el tiempo.</translation>
    </message>
    <message>
        <source>Cancelled. Items that are done and in the scene: {done} of {count}.</source>
        <translation type="unfinished">Cancelado. Elementos listos y en la escena: {done} de {count}.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.setup</name>
    <message>
        <source>OpenVINO: CPU, light</source>
        <translation type="unfinished">OpenVINO: CPU, ligero</translation>
    </message>
    <message>
        <source>PyTorch: CPU and GPU</source>
        <translation type="unfinished">PyTorch: CPU y GPU</translation>
    </message>
    <message>
        <source>The installation was cancelled, and can be begun again.</source>
        <translation type="unfinished">La instalación se canceló y puede iniciarse de nuevo.</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">Cancelar</translation>
    </message>
    <message>
        <source>Install what is missing...</source>
        <translation type="unfinished">Instalar lo que falta...</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Cancelando...</translation>
    </message>
    <message>
        <source>Folder with wheels (.whl)</source>
        <translation type="unfinished">Carpeta con wheels (.whl)</translation>
    </message>
    <message>
        <source>PyTorch is installed.</source>
        <translation type="unfinished">PyTorch está instalado.</translation>
    </message>
    <message>
        <source>Slicer is installing packages for another module. Wait until that has ended, then try again.</source>
        <translation type="unfinished">Slicer está instalando paquetes para otro módulo. Espere a que termine e inténtelo de nuevo.</translation>
    </message>
    <message>
        <source>Nothing was installed.</source>
        <translation type="unfinished">No se instaló nada.</translation>
    </message>
    <message>
        <source>All packages that are needed are here.</source>
        <translation type="unfinished">Están todos los paquetes necesarios.</translation>
    </message>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>{packages} cannot be installed anew, as another module of Slicer uses what is there. Start Slicer again, and install before that module is used.</source>
        <translation type="unfinished">{packages} no se puede instalar de nuevo, porque otro módulo de Slicer usa lo que hay. Reinicie Slicer e instale antes de usar ese módulo.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.severalmodels</name>
    <message>
        <source>Several models add a segmentation each: name at least one model, and no segmentation to replace.</source>
        <translation type="unfinished">Varios modelos añaden una segmentación cada uno: indique al menos un modelo y ninguna segmentación que reemplazar.</translation>
    </message>
    <message>
        <source>{value} (not installed)</source>
        <translation type="unfinished">{value} (no instalado)</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.startup</name>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.teach</name>
    <message>
        <source>nothing found</source>
        <translation type="unfinished">nada encontrado</translation>
    </message>
    <message>
        <source>Not known</source>
        <translation type="unfinished">Desconocido</translation>
    </message>
    <message>
        <source>Folder of the dataset</source>
        <translation type="unfinished">Carpeta del conjunto de datos</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Cancelando...</translation>
    </message>
    <message>
        <source>A result, a folder and who corrected it are needed first.</source>
        <translation type="unfinished">Primero hacen falta un resultado, una carpeta y el revisor.</translation>
    </message>
    <message>
        <source>Nothing found</source>
        <translation type="unfinished">Nada encontrado</translation>
    </message>
    <message>
        <source>Cancel adding</source>
        <translation type="unfinished">Cancelar</translation>
    </message>
    <message>
        <source>Add to my dataset</source>
        <translation type="unfinished">Añadir a mis datos</translation>
    </message>
    <message>
        <source>{diagnosis}: as the model says</source>
        <translation type="unfinished">{diagnosis}: como dice el modelo</translation>
    </message>
    <message>
        <source>Nothing was changed in the dataset.</source>
        <translation type="unfinished">No se cambió nada en el conjunto de datos.</translation>
    </message>
    <message>
        <source>The case was taken out of the dataset again.</source>
        <translation type="unfinished">El caso se ha quitado del conjunto de datos.</translation>
    </message>
    <message>
        <source>Added to the dataset in {folder}</source>
        <translation type="unfinished">Añadido al conjunto de datos en {folder}</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.texts</name>
    <message>
        <source>{seconds:.0f} s</source>
        <translation type="unfinished">{seconds:.0f} s</translation>
    </message>
    <message>
        <source>{minutes} min</source>
        <translation type="unfinished">{minutes} min</translation>
    </message>
    <message>
        <source>{hours} h {minutes} min</source>
        <translation type="unfinished">{hours} h {minutes} min</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.whichmodel</name>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">Cancelar</translation>
    </message>
    <message>
        <source>Which?</source>
        <translation type="unfinished">¿Cuál?</translation>
    </message>
    <message>
        <source>fits</source>
        <translation type="unfinished">encaja</translation>
    </message>
    <message>
        <source>doubtful</source>
        <translation type="unfinished">dudoso</translation>
    </message>
    <message>
        <source>not judged</source>
        <translation type="unfinished">no juzgado</translation>
    </message>
    <message>
        <source>does not fit</source>
        <translation type="unfinished">no encaja</translation>
    </message>
    <message>
        <source>Only slices of the region were looked at: {region}.</source>
        <translation type="unfinished">Solo se miraron cortes de la región: {region}.</translation>
    </message>
    <message>
        <source>{model} (as {channel})</source>
        <translation type="unfinished">{model} (como {channel})</translation>
    </message>
    <message>
        <source>The server looks: voxels and geometry are sent there.</source>
        <translation type="unfinished">Mira el servidor: los vóxeles y la geometría se envían allí.</translation>
    </message>
    <message>
        <source>Cancelled. No model was judged.</source>
        <translation type="unfinished">Cancelado. No se juzgó ningún modelo.</translation>
    </message>
</context>
</TS>
