<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name>UnifiedViT</name>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>One Vision Transformer looks at a medical image once and gives two answers: where (a segmentation) and what (a diagnosis with calibrated probabilities). Load a volume, choose a model, press Run.&lt;br&gt;&lt;br&gt;&lt;b&gt;Research use only. Not for clinical diagnosis.&lt;/b&gt;&lt;br&gt;&lt;br&gt;More in the &lt;a href=&quot;https://github.com/UnifiedViT/SlicerUnifiedViT&quot;&gt;documentation&lt;/a&gt;.</source>
        <translation type="unfinished">Ein Vision Transformer sieht sich ein medizinisches Bild einmal an und gibt zwei Antworten: wo (eine Segmentierung) und was (eine Diagnose mit kalibrierten Wahrscheinlichkeiten). Laden Sie ein Volumen, wählen Sie ein Modell und drücken Sie auf Starten.&lt;br&gt;&lt;br&gt;&lt;b&gt;Nur für Forschungszwecke. Nicht für die klinische Diagnostik.&lt;/b&gt;&lt;br&gt;&lt;br&gt;Mehr dazu in der &lt;a href=&quot;https://github.com/UnifiedViT/SlicerUnifiedViT&quot;&gt;Dokumentation&lt;/a&gt;.</translation>
    </message>
    <message>
        <source>The architecture follows Kassar, An Analytical Study of Vision Transformer Models for Medical Image Classification and Segmentation. The bundled model was trained on BRISC 2025 (Fateh et al.), the figshare set of Cheng, and TCGA-LGG with the masks of Buda et al.; its weights are under CC BY-NC-SA 4.0.</source>
        <translation type="unfinished">Die Architektur folgt Kassar, An Analytical Study of Vision Transformer Models for Medical Image Classification and Segmentation. Das mitgelieferte Modell wurde mit BRISC 2025 (Fateh et al.), dem figshare-Datensatz von Cheng und TCGA-LGG mit den Masken von Buda et al. trainiert; seine Gewichte stehen unter CC BY-NC-SA 4.0.</translation>
    </message>
    <message>
        <source>Research use only. Not for clinical diagnosis.</source>
        <translation type="unfinished">Nur für Forschungszwecke. Nicht für die klinische Diagnostik.</translation>
    </message>
    <message>
        <source>What runs the networks. OpenVINO needs no PyTorch; PyTorch uses the graphics card and runs every model.</source>
        <translation type="unfinished">Womit die Netze laufen. OpenVINO braucht kein PyTorch; PyTorch nutzt die Grafikkarte und führt jedes Modell aus.</translation>
    </message>
    <message>
        <source>Install what is missing...</source>
        <translation type="unfinished">Fehlendes installieren...</translation>
    </message>
    <message>
        <source>Asks once, then downloads and installs. Nothing that Slicer brings is changed.</source>
        <translation type="unfinished">Fragt einmal, lädt dann herunter und installiert. Was Slicer mitbringt, wird nicht verändert.</translation>
    </message>
    <message>
        <source>From a folder...</source>
        <translation type="unfinished">Aus einem Ordner...</translation>
    </message>
    <message>
        <source>Installs from a folder of wheels (.whl), without a network.</source>
        <translation type="unfinished">Installiert aus einem Ordner mit Wheels (.whl), ohne Netzwerk.</translation>
    </message>
    <message>
        <source>Check again</source>
        <translation type="unfinished">Erneut prüfen</translation>
    </message>
    <message>
        <source>Inputs</source>
        <translation type="unfinished">Eingaben</translation>
    </message>
    <message>
        <source>Volume:</source>
        <translation type="unfinished">Volumen:</translation>
    </message>
    <message>
        <source>The image to look at. Of a sequence: the item that the sequence browser shows.</source>
        <translation type="unfinished">Das Bild, das angesehen wird. Bei einer Sequenz: das Element, das der Sequenz-Browser zeigt.</translation>
    </message>
    <message>
        <source>Select a volume</source>
        <translation type="unfinished">Volumen wählen</translation>
    </message>
    <message>
        <source>Model:</source>
        <translation type="unfinished">Modell:</translation>
    </message>
    <message>
        <source>Segmentation:</source>
        <translation type="unfinished">Segmentierung:</translation>
    </message>
    <message>
        <source>Create a new segmentation on Run</source>
        <translation type="unfinished">Beim Starten neue Segmentierung anlegen</translation>
    </message>
    <message>
        <source>Region of interest</source>
        <translation type="unfinished">Interessierender Bereich</translation>
    </message>
    <message>
        <source>Look at:</source>
        <translation type="unfinished">Ansehen:</translation>
    </message>
    <message>
        <source>A Markups ROI, or a segmentation with a segment, of which a box is taken. Only slices that the box touches are looked at, as wholes; what is drawn outside of it is left out.</source>
        <translation type="unfinished">Eine Markups-ROI oder eine Segmentierung mit einem Segment, um das ein Quader gelegt wird. Nur Schichten, die der Quader berührt, werden angesehen, und zwar ganz; was außerhalb eingezeichnet wird, entfällt.</translation>
    </message>
    <message>
        <source>all of the volume</source>
        <translation type="unfinished">das ganze Volumen</translation>
    </message>
    <message>
        <source>Around:</source>
        <translation type="unfinished">Um:</translation>
    </message>
    <message>
        <source>Margin:</source>
        <translation type="unfinished">Rand:</translation>
    </message>
    <message>
        <source>Kept free on each side of the segment.</source>
        <translation type="unfinished">Bleibt auf jeder Seite des Segments frei.</translation>
    </message>
    <message>
        <source> mm</source>
        <translation type="unfinished"> mm</translation>
    </message>
    <message>
        <source>Advanced</source>
        <translation type="unfinished">Erweitert</translation>
    </message>
    <message>
        <source>Slices:</source>
        <translation type="unfinished">Schichten:</translation>
    </message>
    <message>
        <source>The plane in which the model looks at the volume, slice by slice.</source>
        <translation type="unfinished">Die Ebene, in der das Modell das Volumen Schicht für Schicht ansieht.</translation>
    </message>
    <message>
        <source>Device:</source>
        <translation type="unfinished">Gerät:</translation>
    </message>
    <message>
        <source>Where the network computes.</source>
        <translation type="unfinished">Wo das Netz rechnet.</translation>
    </message>
    <message>
        <source>Slices at a time:</source>
        <translation type="unfinished">Schichten zugleich:</translation>
    </message>
    <message>
        <source>More is quicker on a graphics card and needs more memory; halved by itself when memory runs out.</source>
        <translation type="unfinished">Mehr ist auf einer Grafikkarte schneller und braucht mehr Speicher; wird von selbst halbiert, wenn der Speicher nicht reicht.</translation>
    </message>
    <message>
        <source>Test-time augmentation</source>
        <translation type="unfinished">Test-Time-Augmentation</translation>
    </message>
    <message>
        <source>The mean over slices and their mirror images; takes twice as long.</source>
        <translation type="unfinished">Das Mittel über Schichten und ihre Spiegelbilder; dauert doppelt so lange.</translation>
    </message>
    <message>
        <source>Keep probability maps as volumes</source>
        <translation type="unfinished">Wahrscheinlichkeitskarten behalten</translation>
    </message>
    <message>
        <source>Heat map:</source>
        <translation type="unfinished">Heatmap:</translation>
    </message>
    <message>
        <source>What speaks for a diagnosis, and where, as a volume in colours over the image; takes three times as long.</source>
        <translation type="unfinished">Was für eine Diagnose spricht, und wo, als farbiges Volumen über dem Bild; dauert dreimal so lange.</translation>
    </message>
    <message>
        <source>Super-resolved:</source>
        <translation type="unfinished">Hochaufgelöst:</translation>
    </message>
    <message>
        <source>The regions that the network attends to, four times as fine in plane, as a new volume beside the input, which stays as it is. What is synthetic in it is guessed, not measured.</source>
        <translation type="unfinished">Die Bereiche, auf die das Netz achtet, in der Ebene viermal so fein, als neues Volumen neben der Eingabe, die bleibt, wie sie ist. Was darin synthetisch ist, ist geschätzt, nicht gemessen.</translation>
    </message>
    <message>
        <source>Uncertainty map and confidence</source>
        <translation type="unfinished">Unsicherheitskarte und Konfidenz</translation>
    </message>
    <message>
        <source>Several forward passes over every slice, changed a little: how far they agree says how far to trust the result. Takes four times as long.</source>
        <translation type="unfinished">Mehrere leicht veränderte Durchgänge über jede Schicht: Wie weit sie übereinstimmen, sagt, wie weit dem Ergebnis zu trauen ist. Dauert viermal so lange.</translation>
    </message>
    <message>
        <source>Install PyTorch...</source>
        <translation type="unfinished">PyTorch installieren...</translation>
    </message>
    <message>
        <source>PyTorch uses the graphics card, runs every model, and makes heat maps and super-resolved volumes.</source>
        <translation type="unfinished">PyTorch nutzt die Grafikkarte, führt jedes Modell aus und erstellt Heatmaps und hochaufgelöste Volumen.</translation>
    </message>
    <message>
        <source>Models</source>
        <translation type="unfinished">Modelle</translation>
    </message>
    <message>
        <source>Model</source>
        <translation type="unfinished">Modell</translation>
    </message>
    <message>
        <source>What to look for. More models: section Models below. Several at once: Advanced.</source>
        <translation type="unfinished">Wonach gesucht wird. Weitere Modelle: unten im Abschnitt Modelle. Mehrere zugleich: Erweitert.</translation>
    </message>
    <message>
        <source>Which?</source>
        <translation type="unfinished">Welches?</translation>
    </message>
    <message>
        <source>Which model? Each installed one looks at a dozen slices, and says whether it knows such images. None is chosen.</source>
        <translation type="unfinished">Welches Modell? Jedes installierte sieht sich ein Dutzend Schichten an und sagt, ob es solche Bilder kennt. Keines wird gewählt.</translation>
    </message>
    <message>
        <source>Double-click a model to choose it.</source>
        <translation type="unfinished">Ein Doppelklick wählt das Modell.</translation>
    </message>
    <message>
        <source>Judged</source>
        <translation type="unfinished">Urteil</translation>
    </message>
    <message>
        <source>Unlike</source>
        <translation type="unfinished">Anders</translation>
    </message>
    <message>
        <source>Slices further from the model&apos;s training images than 99% of the images kept for validation</source>
        <translation type="unfinished">Schichten, die weiter von den Trainingsbildern des Modells entfernt sind als 99% der zur Validierung zurückgehaltenen Bilder</translation>
    </message>
    <message>
        <source>Also run:</source>
        <translation type="unfinished">Außerdem:</translation>
    </message>
    <message>
        <source>Models that look at the volume besides the chosen one. Each adds a segmentation and a table of its own, &quot;NAME - MODEL&quot;; none is replaced.</source>
        <translation type="unfinished">Modelle, die das Volumen außer dem gewählten ansehen. Jedes fügt eine eigene Segmentierung und Tabelle hinzu, „NAME - MODELL“; nichts wird ersetzt.</translation>
    </message>
    <message>
        <source>State</source>
        <translation type="unfinished">Zustand</translation>
    </message>
    <message>
        <source>Version:</source>
        <translation type="unfinished">Version:</translation>
    </message>
    <message>
        <source>Versions of the selected model that can be downloaded. One that is older than the installed one takes its place, until you update.</source>
        <translation type="unfinished">Versionen des gewählten Modells, die heruntergeladen werden können. Eine ältere als die installierte tritt an deren Stelle, bis Sie aktualisieren.</translation>
    </message>
    <message>
        <source>Download...</source>
        <translation type="unfinished">Herunterladen...</translation>
    </message>
    <message>
        <source>Import folder...</source>
        <translation type="unfinished">Ordner importieren...</translation>
    </message>
    <message>
        <source>A model&apos;s folder (model.json and weights), for example from unifiedvit-train export.</source>
        <translation type="unfinished">Der Ordner eines Modells (model.json und Gewichte), zum Beispiel aus unifiedvit-train export.</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation type="unfinished">Entfernen</translation>
    </message>
    <message>
        <source>Repositories:</source>
        <translation type="unfinished">Quellen:</translation>
    </message>
    <message>
        <source>Where models can be downloaded from. Nothing is asked without a click.</source>
        <translation type="unfinished">Woher Modelle heruntergeladen werden können. Ohne einen Klick wird nichts abgefragt.</translation>
    </message>
    <message>
        <source>Look for updates</source>
        <translation type="unfinished">Nach Neuem suchen</translation>
    </message>
    <message>
        <source>Asks all repositories which models and versions they have now.</source>
        <translation type="unfinished">Fragt alle Quellen, welche Modelle und Versionen sie jetzt haben.</translation>
    </message>
    <message>
        <source>Forget</source>
        <translation type="unfinished">Vergessen</translation>
    </message>
    <message>
        <source>Takes the selected repository off the list. Models that came from it stay.</source>
        <translation type="unfinished">Nimmt die gewählte Quelle von der Liste. Modelle, die von ihr kamen, bleiben.</translation>
    </message>
    <message>
        <source>https://... or a folder</source>
        <translation type="unfinished">https://... oder ein Ordner</translation>
    </message>
    <message>
        <source>Address of a model repository, as its publisher says it.</source>
        <translation type="unfinished">Adresse einer Modellquelle, wie ihr Herausgeber sie nennt.</translation>
    </message>
    <message>
        <source>Key (optional)</source>
        <translation type="unfinished">Schlüssel (wahlweise)</translation>
    </message>
    <message>
        <source>Public key of the publisher. With it, nothing is taken that the publisher has not signed.</source>
        <translation type="unfinished">Öffentlicher Schlüssel des Herausgebers. Mit ihm wird nichts angenommen, was der Herausgeber nicht signiert hat.</translation>
    </message>
    <message>
        <source>Add repository</source>
        <translation type="unfinished">Quelle hinzufügen</translation>
    </message>
    <message>
        <source>Keep models elsewhere...</source>
        <translation type="unfinished">Modelle woanders aufbewahren...</translation>
    </message>
    <message>
        <source>Clear cache...</source>
        <translation type="unfinished">Cache leeren...</translation>
    </message>
    <message>
        <source>Removes all downloaded and imported models, and the networks that were compiled for this computer.</source>
        <translation type="unfinished">Entfernt alle heruntergeladenen und importierten Modelle und die für diesen Rechner kompilierten Netze.</translation>
    </message>
    <message>
        <source>Run</source>
        <translation type="unfinished">Starten</translation>
    </message>
    <message>
        <source>Result</source>
        <translation type="unfinished">Ergebnis</translation>
    </message>
    <message>
        <source>Heat map</source>
        <translation type="unfinished">Heatmap</translation>
    </message>
    <message>
        <source>Uncertainty</source>
        <translation type="unfinished">Unsicherheit</translation>
    </message>
    <message>
        <source>Where the outline is uncertain: entropy over all passes, from clear (sure) over blue and green to yellow</source>
        <translation type="unfinished">Wo der Umriss unsicher ist: Entropie über alle Durchgänge, von klar (sicher) über Blau und Grün bis Gelb</translation>
    </message>
    <message>
        <source>Opacity of the map over the slices</source>
        <translation type="unfinished">Deckkraft der Karte über den Schichten</translation>
    </message>
    <message>
        <source>Show 3D</source>
        <translation type="unfinished">3D zeigen</translation>
    </message>
    <message>
        <source>Jump to lesion</source>
        <translation type="unfinished">Zur Läsion</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation type="unfinished">Rückgängig</translation>
    </message>
    <message>
        <source>Takes this result out of the scene and brings back what it replaced.</source>
        <translation type="unfinished">Nimmt dieses Ergebnis aus der Szene und bringt zurück, was es ersetzt hat.</translation>
    </message>
    <message>
        <source>Save report...</source>
        <translation type="unfinished">Bericht...</translation>
    </message>
    <message>
        <source>Copy as text</source>
        <translation type="unfinished">Text kopieren</translation>
    </message>
    <message>
        <source>Save as DICOM...</source>
        <translation type="unfinished">Als DICOM sichern...</translation>
    </message>
    <message>
        <source>What runs the networks</source>
        <translation type="unfinished">Was die Netze ausführt</translation>
    </message>
    <message>
        <source>Where the result goes. A result of the same volume is replaced (Undo brings it back). Results of other volumes stay, as does what somebody has drawn or written: then a new one is made.</source>
        <translation type="unfinished">Wohin das Ergebnis kommt. Ein Ergebnis desselben Volumens wird ersetzt (Rückgängig bringt es zurück). Ergebnisse anderer Volumen bleiben, ebenso, was jemand eingezeichnet oder geschrieben hat: Dann wird eine neue angelegt.</translation>
    </message>
    <message>
        <source>Computer:</source>
        <translation type="unfinished">Rechner:</translation>
    </message>
    <message>
        <source>This computer, or one of your group on which unifiedvit serve runs. Batch, Sequence and Which? always compute here.</source>
        <translation type="unfinished">Dieser Rechner, oder einer Ihrer Gruppe, auf dem unifiedvit serve läuft. Stapel, Sequenz und Welches? rechnen immer hier.</translation>
    </message>
    <message>
        <source>Address:</source>
        <translation type="unfinished">Adresse:</translation>
    </message>
    <message>
        <source>Of the server, as its administrator says it.</source>
        <translation type="unfinished">Des Servers, wie sein Administrator sie nennt.</translation>
    </message>
    <message>
        <source>Key:</source>
        <translation type="unfinished">Schlüssel:</translation>
    </message>
    <message>
        <source>Your key for the server. It is kept in the application&apos;s settings, readable for whoever can read your files, and never in a scene.</source>
        <translation type="unfinished">Ihr Schlüssel für den Server. Er steht in den Einstellungen der Anwendung, lesbar für jeden, der Ihre Dateien lesen kann, und nie in einer Szene.</translation>
    </message>
    <message>
        <source>Test connection</source>
        <translation type="unfinished">Verbindung testen</translation>
    </message>
    <message>
        <source>Asks the server which models it has. No image is sent.</source>
        <translation type="unfinished">Fragt den Server, welche Modelle er hat. Kein Bild wird gesendet.</translation>
    </message>
    <message>
        <source>Run sends the volume&apos;s voxels and geometry there, without names.</source>
        <translation type="unfinished">Start sendet Voxel und Geometrie des Volumens dorthin, ohne Namen.</translation>
    </message>
    <message>
        <source>Import file...</source>
        <translation type="unfinished">Datei importieren...</translation>
    </message>
    <message>
        <source>A model&apos;s .zip, or the model.json in its folder; it is checked first.</source>
        <translation type="unfinished">Das .zip eines Modells oder die model.json in seinem Ordner; es wird zuerst geprüft.</translation>
    </message>
    <message>
        <source>Address of a model repository</source>
        <translation type="unfinished">Adresse eines Modell-Repositorys</translation>
    </message>
    <message>
        <source>Patient</source>
        <translation type="unfinished">Patient</translation>
    </message>
    <message>
        <source>One diagnosis of several images of a patient, and what else is known: check the results that are of this patient.</source>
        <translation type="unfinished">Eine Diagnose aus mehreren Bildern eines Patienten und dem, was sonst bekannt ist: Haken Sie die Ergebnisse an, die zu diesem Patienten gehören.</translation>
    </message>
    <message>
        <source>Results of the patient</source>
        <translation type="unfinished">Ergebnisse des Patienten</translation>
    </message>
    <message>
        <source>Results of the chosen model in this scene. Those of other patients than that of the chosen volume are left out, where the DICOM module knows them.</source>
        <translation type="unfinished">Ergebnisse des gewählten Modells in dieser Szene. Die anderer Patienten als dem des gewählten Volumens fehlen hier, soweit das DICOM-Modul sie kennt.</translation>
    </message>
    <message>
        <source>Diagnose patient</source>
        <translation type="unfinished">Patient diagnostizieren</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation type="unfinished">Vergleichen</translation>
    </message>
    <message>
        <source>A:</source>
        <translation type="unfinished">A:</translation>
    </message>
    <message>
        <source>Before, or the reference: a result, or an expert&apos;s segmentation.</source>
        <translation type="unfinished">Vorher, oder die Referenz: ein Ergebnis oder die Segmentierung einer Fachperson.</translation>
    </message>
    <message>
        <source>Before, or the reference</source>
        <translation type="unfinished">Vorher, oder die Referenz</translation>
    </message>
    <message>
        <source>B:</source>
        <translation type="unfinished">B:</translation>
    </message>
    <message>
        <source>After, or what is held against A: another date, another model.</source>
        <translation type="unfinished">Nachher, oder was mit A verglichen wird: ein anderes Datum, ein anderes Modell.</translation>
    </message>
    <message>
        <source>After, or another model</source>
        <translation type="unfinished">Nachher, oder ein anderes Modell</translation>
    </message>
    <message>
        <source>Segment</source>
        <translation type="unfinished">Segment</translation>
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
        <translation type="unfinished">Unterschied zeigen</translation>
    </message>
    <message>
        <source>Adds a segmentation of what is drawn in A alone, in both, and in B alone.</source>
        <translation type="unfinished">Fügt eine Segmentierung hinzu: was nur in A, was in beiden und was nur in B eingezeichnet ist.</translation>
    </message>
    <message>
        <source>Takes the table and the difference of this comparison out of the scene.</source>
        <translation type="unfinished">Nimmt Tabelle und Unterschied dieses Vergleichs aus der Szene.</translation>
    </message>
    <message>
        <source>Sequence</source>
        <translation type="unfinished">Sequenz</translation>
    </message>
    <message>
        <source>Every item of a sequence of volumes, with the model, the device, the plane and mirrored slices as chosen above. Segmentations that play with the volumes, a table over time and a plot are added to the scene.</source>
        <translation type="unfinished">Jedes Element einer Sequenz von Volumen, mit Modell, Gerät, Ebene und gespiegelten Schichten wie oben gewählt. Segmentierungen, die mit den Volumen ablaufen, eine Tabelle über die Zeit und ein Diagramm kommen in die Szene.</translation>
    </message>
    <message>
        <source>Sequence:</source>
        <translation type="unfinished">Sequenz:</translation>
    </message>
    <message>
        <source>A sequence of volumes over time, as the module Sequences has it.</source>
        <translation type="unfinished">Eine Sequenz von Volumen über die Zeit, wie sie das Modul Sequences hat.</translation>
    </message>
    <message>
        <source>Select a sequence</source>
        <translation type="unfinished">Sequenz wählen</translation>
    </message>
    <message>
        <source>Run sequence</source>
        <translation type="unfinished">Sequenz starten</translation>
    </message>
    <message>
        <source>Double-click an item, or press Enter on it, to show it.</source>
        <translation type="unfinished">Ein Element doppelklicken oder darauf die Eingabetaste drücken, um es zu zeigen.</translation>
    </message>
    <message>
        <source>Item</source>
        <translation type="unfinished">Element</translation>
    </message>
    <message>
        <source>Show plot</source>
        <translation type="unfinished">Diagramm zeigen</translation>
    </message>
    <message>
        <source>Shows the mL of each segment over the sequence.</source>
        <translation type="unfinished">Zeigt die mL jedes Segments über die Sequenz.</translation>
    </message>
    <message>
        <source>Takes the segmentations, the table and the plot of the last run out of the scene.</source>
        <translation type="unfinished">Nimmt die Segmentierungen, die Tabelle und das Diagramm des letzten Laufs aus der Szene.</translation>
    </message>
    <message>
        <source>Batch</source>
        <translation type="unfinished">Stapel</translation>
    </message>
    <message>
        <source>Images:</source>
        <translation type="unfinished">Bilder:</translation>
    </message>
    <message>
        <source>A folder of NRRD, NIfTI, MetaImage, DICOM, PNG or JPEG files, or of folders with a DICOM series each.</source>
        <translation type="unfinished">Ein Ordner mit NRRD-, NIfTI-, MetaImage-, DICOM-, PNG- oder JPEG-Dateien oder mit Ordnern, in denen je eine DICOM-Serie liegt.</translation>
    </message>
    <message>
        <source>Choose a folder</source>
        <translation type="unfinished">Ordner wählen</translation>
    </message>
    <message>
        <source>Results:</source>
        <translation type="unfinished">Ergebnisse:</translation>
    </message>
    <message>
        <source>Takes the segmentation, the JSON and the report of each image, and results.csv over all. Results that are there already, and still fit, are not computed again.</source>
        <translation type="unfinished">Nimmt Segmentierung, JSON und Bericht jedes Bildes auf und results.csv über alle. Ergebnisse, die schon da sind und noch passen, werden nicht neu berechnet.</translation>
    </message>
    <message>
        <source>Pattern:</source>
        <translation type="unfinished">Muster:</translation>
    </message>
    <message>
        <source>all images</source>
        <translation type="unfinished">alle Bilder</translation>
    </message>
    <message>
        <source>Which file names count, for example *_t1ce.nii.gz; of a DICOM series, the name of its folder.</source>
        <translation type="unfinished">Welche Dateinamen zählen, zum Beispiel *_t1ce.nii.gz; bei einer DICOM-Serie der Name ihres Ordners.</translation>
    </message>
    <message>
        <source>With subfolders</source>
        <translation type="unfinished">Mit Unterordnern</translation>
    </message>
    <message>
        <source>Run batch</source>
        <translation type="unfinished">Stapel starten</translation>
    </message>
    <message>
        <source>Image</source>
        <translation type="unfinished">Bild</translation>
    </message>
    <message>
        <source>Status</source>
        <translation type="unfinished">Stand</translation>
    </message>
    <message>
        <source>Diagnosis</source>
        <translation type="unfinished">Diagnose</translation>
    </message>
    <message>
        <source>Every image of a folder, with the models, the device and the Advanced options chosen above (no region, no probability maps). The scene stays as it is; double-click a finished image, or press Enter on it, to load it with its result.</source>
        <translation type="unfinished">Jedes Bild eines Ordners, mit den oben gewählten Modellen, dem Gerät und den erweiterten Optionen (keine Region, keine Wahrscheinlichkeitskarten). Die Szene bleibt, wie sie ist; ein fertiges Bild doppelklicken oder darauf die Eingabetaste drücken, um es mit seinem Ergebnis zu laden.</translation>
    </message>
    <message>
        <source>Probability of the diagnosis</source>
        <translation type="unfinished">Wahrscheinlichkeit der Diagnose</translation>
    </message>
    <message>
        <source>Volume of all that is drawn</source>
        <translation type="unfinished">Volumen von allem, was eingezeichnet ist</translation>
    </message>
    <message>
        <source>Number of warnings</source>
        <translation type="unfinished">Anzahl der Warnungen</translation>
    </message>
    <message>
        <source>List results</source>
        <translation type="unfinished">Ergebnisse auflisten</translation>
    </message>
    <message>
        <source>Lists what lies in the results folder, whoever computed it, results of a region too. Nothing is computed.</source>
        <translation type="unfinished">Listet auf, was im Ergebnisordner liegt, wer auch immer es berechnet hat, auch Ergebnisse einer Region. Nichts wird berechnet.</translation>
    </message>
    <message>
        <source>Open results folder</source>
        <translation type="unfinished">Ergebnisordner öffnen</translation>
    </message>
    <message>
        <source>There, results.csv lists all results of the folder.</source>
        <translation type="unfinished">Dort führt results.csv alle Ergebnisse des Ordners auf.</translation>
    </message>
    <message>
        <source>Teach</source>
        <translation type="unfinished">Trainingsfall</translation>
    </message>
    <message>
        <source>Diagnosis:</source>
        <translation type="unfinished">Diagnose:</translation>
    </message>
    <message>
        <source>What it is: as the model says, another of its classes, or not known. Several findings at once: from the Python console.</source>
        <translation type="unfinished">Was es ist: wie das Modell sagt, eine andere seiner Klassen oder nicht bekannt. Mehrere Befunde zugleich: über die Python-Konsole.</translation>
    </message>
    <message>
        <source>Reviewer:</source>
        <translation type="unfinished">Befunder:</translation>
    </message>
    <message>
        <source>Who corrected it: a name, initials or a number of your choice. It is written into the dataset.</source>
        <translation type="unfinished">Wer korrigiert hat: ein Name, Initialen oder eine Nummer Ihrer Wahl. Der Text wird in den Datensatz geschrieben.</translation>
    </message>
    <message>
        <source>Patient:</source>
        <translation type="unfinished">Patient:</translation>
    </message>
    <message>
        <source>Any text that tells patients apart; only a pseudonym is kept. Left empty: the DICOM PatientID, else the folder of the volume&apos;s file.</source>
        <translation type="unfinished">Ein beliebiger Text, der Patienten unterscheidet; nur ein Pseudonym wird gespeichert. Leer: die PatientID aus DICOM, sonst der Ordner der Datei des Volumens.</translation>
    </message>
    <message>
        <source>By DICOM, or by folder</source>
        <translation type="unfinished">Nach DICOM oder Ordner</translation>
    </message>
    <message>
        <source>Dataset:</source>
        <translation type="unfinished">Datensatz:</translation>
    </message>
    <message>
        <source>Folder of the dataset on this computer; made if it is not there.</source>
        <translation type="unfinished">Ordner des Datensatzes auf diesem Computer; er wird angelegt, wenn er fehlt.</translation>
    </message>
    <message>
        <source>Choose...</source>
        <translation type="unfinished">Wählen...</translation>
    </message>
    <message>
        <source>Add to my dataset</source>
        <translation type="unfinished">Zum Datensatz</translation>
    </message>
    <message>
        <source>Takes the case that was added last out of the dataset.</source>
        <translation type="unfinished">Nimmt den zuletzt hinzugefügten Fall wieder aus dem Datensatz heraus.</translation>
    </message>
    <message>
        <source>Reference:</source>
        <translation type="unfinished">Referenz:</translation>
    </message>
    <message>
        <source>Folder of cases that the model was made for, with images/, masks/ and labels.csv: on these the new model may not be worse. May be left empty.</source>
        <translation type="unfinished">Ordner mit Fällen, für die das Modell gemacht ist, mit images/, masks/ und labels.csv: Auf diesen darf das neue Modell nicht schlechter sein. Darf leer bleiben.</translation>
    </message>
    <message>
        <source>None</source>
        <translation type="unfinished">Keine</translation>
    </message>
    <message>
        <source>Choose the folder of the reference</source>
        <translation type="unfinished">Ordner der Referenz wählen</translation>
    </message>
    <message>
        <source>Adapt the model</source>
        <translation type="unfinished">Modell anpassen</translation>
    </message>
    <message>
        <source>Log</source>
        <translation type="unfinished">Protokoll</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.adapting</name>
    <message>
        <source>Folder of the reference</source>
        <translation type="unfinished">Ordner der Referenz</translation>
    </message>
    <message>
        <source>Starting...</source>
        <translation type="unfinished">Wird gestartet...</translation>
    </message>
    <message>
        <source>Cancelled. What was learnt is kept: Adapt the model goes on from there.</source>
        <translation type="unfinished">Abgebrochen. Das Gelernte bleibt erhalten: „Modell anpassen“ macht dort weiter.</translation>
    </message>
    <message>
        <source>Cancelled.</source>
        <translation type="unfinished">Abgebrochen.</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Wird abgebrochen...</translation>
    </message>
    <message>
        <source>The chosen model learns from the dataset. The new one is installed only if it is better on patients kept apart.</source>
        <translation type="unfinished">Das gewählte Modell lernt aus dem Datensatz. Das neue wird nur installiert, wenn es bei zurückgehaltenen Patienten besser ist.</translation>
    </message>
    <message>
        <source>A model and the folder of a dataset are needed first.</source>
        <translation type="unfinished">Zuerst werden ein Modell und der Ordner eines Datensatzes gebraucht.</translation>
    </message>
    <message>
        <source>Not adapted: the licence of the weights was not agreed to.</source>
        <translation type="unfinished">Nicht angepasst: Der Lizenz der Gewichte wurde nicht zugestimmt.</translation>
    </message>
    <message>
        <source>Whether it still does as well elsewhere was not checked: give a reference for that.</source>
        <translation type="unfinished">Ob es anderswo noch ebenso gut ist, wurde nicht geprüft: Geben Sie dafür eine Referenz an.</translation>
    </message>
    <message>
        <source>Cancel adapting</source>
        <translation type="unfinished">Anpassen abbrechen</translation>
    </message>
    <message>
        <source>Adapt the model</source>
        <translation type="unfinished">Modell anpassen</translation>
    </message>
    <message>
        <source>Slicer is installing packages for another module. Wait until that has ended, then try again.</source>
        <translation type="unfinished">Slicer installiert gerade Pakete für ein anderes Modul. Warten Sie, bis das beendet ist, und versuchen Sie es dann erneut.</translation>
    </message>
    <message>
        <source>{stage} (about {left} left)</source>
        <translation type="unfinished">{stage} (noch etwa {left})</translation>
    </message>
    <message>
        <source>{error} What was learnt is kept: Adapt the model goes on from there.</source>
        <translation type="unfinished">{error} Das Gelernte bleibt erhalten: „Modell anpassen“ macht dort weiter.</translation>
    </message>
    <message>
        <source>To adapt a model, PyTorch is needed: {problems} Install it by the box at the top of the panel, then adapt again.</source>
        <translation type="unfinished">Um ein Modell anzupassen, wird PyTorch gebraucht: {problems} Installieren Sie es mit dem Kasten oben im Panel und passen Sie dann noch einmal an.</translation>
    </message>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>{name} ({model} {version}) is in the list of models now. Choose it there to use it.</source>
        <translation type="unfinished">{name} ({model} {version}) steht jetzt in der Liste der Modelle. Wählen Sie es dort, um es zu verwenden.</translation>
    </message>
    <message>
        <source>Nothing was installed, so that the model cannot be adapted: {problems}</source>
        <translation type="unfinished">Es wurde nichts installiert, sodass das Modell nicht angepasst werden kann: {problems}</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.batch</name>
    <message>
        <source>Choose a folder</source>
        <translation type="unfinished">Ordner wählen</translation>
    </message>
    <message>
        <source>Starting...</source>
        <translation type="unfinished">Wird gestartet...</translation>
    </message>
    <message>
        <source>{number} of {count}, {left} left</source>
        <translation type="unfinished">{number} von {count}, noch {left}</translation>
    </message>
    <message>
        <source>{number} of {count}</source>
        <translation type="unfinished">{number} von {count}</translation>
    </message>
    <message>
        <source>There is no image of this pattern in the folder.</source>
        <translation type="unfinished">Im Ordner ist kein Bild mit diesem Muster.</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Wird abgebrochen...</translation>
    </message>
    <message>
        <source>Choose the folder with the images, and one for the results.</source>
        <translation type="unfinished">Wählen Sie den Ordner mit den Bildern und einen für die Ergebnisse.</translation>
    </message>
    <message>
        <source>Not run: a model that is also to run is not installed. Uncheck it under Advanced, or see section Models.</source>
        <translation type="unfinished">Nicht gestartet: Ein Modell, das ebenfalls laufen soll, ist nicht installiert. Nehmen Sie unter „Erweitert“ das Häkchen weg, oder siehe Abschnitt „Modelle“.</translation>
    </message>
    <message>
        <source>Not run: the licence of the weights was not agreed to.</source>
        <translation type="unfinished">Nicht gestartet: Der Lizenz der Gewichte wurde nicht zugestimmt.</translation>
    </message>
    <message>
        <source>Choose the folder with the results.</source>
        <translation type="unfinished">Wählen Sie den Ordner mit den Ergebnissen.</translation>
    </message>
    <message>
        <source>{parts}. {table} in the results folder lists all.</source>
        <translation type="unfinished">{parts}. {table} im Ergebnisordner führt alle auf.</translation>
    </message>
    <message>
        <source>Cancel batch</source>
        <translation type="unfinished">Stapel abbrechen</translation>
    </message>
    <message>
        <source>Run batch on the server</source>
        <translation type="unfinished">Stapel auf dem Server starten</translation>
    </message>
    <message>
        <source>Run batch</source>
        <translation type="unfinished">Stapel starten</translation>
    </message>
    <message>
        <source>Results in the folder: {count}.</source>
        <translation type="unfinished">Ergebnisse im Ordner: {count}.</translation>
    </message>
    <message>
        <source>Cancelled. What is done is kept: Run batch goes on from there.</source>
        <translation type="unfinished">Abgebrochen. Was fertig ist, bleibt: Stapel starten macht dort weiter.</translation>
    </message>
    <message>
        <source>{done} done</source>
        <translation type="unfinished">{done} fertig</translation>
    </message>
    <message>
        <source> ({before} of them before)</source>
        <translation type="unfinished"> (davon {before} schon vorher)</translation>
    </message>
    <message>
        <source>{failed} failed</source>
        <translation type="unfinished">{failed} fehlgeschlagen</translation>
    </message>
    <message>
        <source>{review} uncertain, to be reviewed</source>
        <translation type="unfinished">{review} unsicher, zu prüfen</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.batchtable</name>
    <message>
        <source>failed</source>
        <translation type="unfinished">fehlgeschlagen</translation>
    </message>
    <message>
        <source>changed</source>
        <translation type="unfinished">geändert</translation>
    </message>
    <message>
        <source>incomplete</source>
        <translation type="unfinished">unvollständig</translation>
    </message>
    <message>
        <source>done (before)</source>
        <translation type="unfinished">fertig (vorher)</translation>
    </message>
    <message>
        <source>done</source>
        <translation type="unfinished">fertig</translation>
    </message>
    <message>
        <source>uncertain (before)</source>
        <translation type="unfinished">unsicher (vorher)</translation>
    </message>
    <message>
        <source>uncertain</source>
        <translation type="unfinished">unsicher</translation>
    </message>
    <message>
        <source>Confidence {confidence}: to be reviewed</source>
        <translation type="unfinished">Konfidenz {confidence}: zu prüfen</translation>
    </message>
    <message>
        <source>{status}, region only</source>
        <translation type="unfinished">{status}, nur Region</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.cases</name>
    <message>
        <source>A case is being loaded. Wait a moment.</source>
        <translation type="unfinished">Ein Fall wird gerade geladen. Warten Sie einen Moment.</translation>
    </message>
    <message>
        <source>{name} is loaded with its result, as after a run; Undo takes both away.</source>
        <translation type="unfinished">{name} ist mit seinem Ergebnis geladen, wie nach einem Lauf; Rückgängig nimmt beides weg.</translation>
    </message>
    <message>
        <source>{name} is of {model}, which is not installed in this version: see section Models.</source>
        <translation type="unfinished">{name} ist von {model}, das in dieser Version nicht installiert ist: siehe Abschnitt „Modelle“.</translation>
    </message>
    <message>
        <source>{name} is in the scene already.</source>
        <translation type="unfinished">{name} ist schon in der Szene.</translation>
    </message>
    <message>
        <source>Loading {name}...</source>
        <translation type="unfinished">{name} wird geladen...</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.channels</name>
    <message>
        <source>Missing</source>
        <translation type="unfinished">Fehlt</translation>
    </message>
    <message>
        <source>Volume:</source>
        <translation type="unfinished">Volumen:</translation>
    </message>
    <message>
        <source>{name} lies under a transform that flattens space, or is no number: nothing can be measured there. Take it out of the transform (module Transforms), then try again.</source>
        <translation type="unfinished">{name} liegt unter einer Transformation, die den Raum flach drückt oder keine Zahlen enthält: Dort lässt sich nichts messen. Aus der Transformation herausnehmen (Modul Transforms) und erneut versuchen.</translation>
    </message>
    <message>
        <source>Volume ({channel}):</source>
        <translation type="unfinished">Volumen ({channel}):</translation>
    </message>
    <message>
        <source>{one} and {other} lie under different transforms that are not linear. Harden them (module Transforms), then run again.</source>
        <translation type="unfinished">{one} und {other} liegen unter verschiedenen Transformationen, die nicht linear sind. Wenden Sie diese fest an (Harden, Modul Transforms) und starten Sie erneut.</translation>
    </message>
    <message>
        <source>{one} is of another patient than {other}, as their DICOM patient IDs say. Choose sequences of one patient.</source>
        <translation type="unfinished">{one} ist von einem anderen Patienten als {other}, wie die DICOM-Patienten-IDs sagen. Wählen Sie Sequenzen eines Patienten.</translation>
    </message>
    <message>
        <source>{what}. Left empty, it is missing, and the model does without.</source>
        <translation type="unfinished">{what}. Bleibt es leer, fehlt es, und das Modell kommt ohne aus.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.charts</name>
    <message>
        <source>slice</source>
        <translation type="unfinished">Schicht</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.choices</name>
    <message>
        <source>as acquired (across the largest spacing)</source>
        <translation type="unfinished">wie aufgenommen (quer zum größten Abstand)</translation>
    </message>
    <message>
        <source>axial</source>
        <translation type="unfinished">axial</translation>
    </message>
    <message>
        <source>coronal</source>
        <translation type="unfinished">koronar</translation>
    </message>
    <message>
        <source>sagittal</source>
        <translation type="unfinished">sagittal</translation>
    </message>
    <message>
        <source>none</source>
        <translation type="unfinished">keine</translation>
    </message>
    <message>
        <source>what is attended to, by the learned upscaler (synthetic)</source>
        <translation type="unfinished">was beachtet wird, mit dem gelernten Upscaler (synthetisch)</translation>
    </message>
    <message>
        <source>what is attended to, by Lanczos interpolation</source>
        <translation type="unfinished">was beachtet wird, mit Lanczos-Interpolation</translation>
    </message>
    <message>
        <source>kind of lesion right</source>
        <translation type="unfinished">Art der Läsion richtig</translation>
    </message>
    <message>
        <source>accuracy</source>
        <translation type="unfinished">Genauigkeit</translation>
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
        <translation type="unfinished">alle Befunde richtig</translation>
    </message>
    <message>
        <source>Dice</source>
        <translation type="unfinished">Dice</translation>
    </message>
    <message>
        <source>diagnosis right</source>
        <translation type="unfinished">Diagnose richtig</translation>
    </message>
    <message>
        <source>each finding right</source>
        <translation type="unfinished">jeder einzelne Befund richtig</translation>
    </message>
    <message>
        <source>lesions found</source>
        <translation type="unfinished">Läsionen gefunden</translation>
    </message>
    <message>
        <source>healthy slices left empty</source>
        <translation type="unfinished">gesunde Schichten leer gelassen</translation>
    </message>
    <message>
        <source>false pieces</source>
        <translation type="unfinished">falsche Stücke</translation>
    </message>
    <message>
        <source>of what speaks for the diagnosis</source>
        <translation type="unfinished">von dem, was für die Diagnose spricht</translation>
    </message>
    <message>
        <source>auto</source>
        <translation type="unfinished">automatisch</translation>
    </message>
    <message>
        <source>for {diagnosis}</source>
        <translation type="unfinished">für {diagnosis}</translation>
    </message>
    <message>
        <source>auto: {device}</source>
        <translation type="unfinished">automatisch: {device}</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.compare</name>
    <message>
        <source>The comparison was taken back.</source>
        <translation type="unfinished">Der Vergleich wurde zurückgenommen.</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Wird abgebrochen...</translation>
    </message>
    <message>
        <source>Choose two segmentations first.</source>
        <translation type="unfinished">Wählen Sie zuerst zwei Segmentierungen.</translation>
    </message>
    <message>
        <source>{name}: {before} mL, then {after} mL ({change} mL, {percent} %)</source>
        <translation type="unfinished">{name}: {before} mL, dann {after} mL ({change} mL, {percent} %)</translation>
    </message>
    <message>
        <source>The segmentation that was compared is no longer in the scene.</source>
        <translation type="unfinished">Die verglichene Segmentierung ist nicht mehr in der Szene.</translation>
    </message>
    <message>
        <source>A: {a}; B: {b}</source>
        <translation type="unfinished">A: {a}; B: {b}</translation>
    </message>
    <message>
        <source>Cancel comparing</source>
        <translation type="unfinished">Vergleich abbrechen</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation type="unfinished">Vergleichen</translation>
    </message>
    <message>
        <source>{name}: volumes are not known</source>
        <translation type="unfinished">{name}: Volumina sind nicht bekannt</translation>
    </message>
    <message>
        <source>{name}: {before} mL, then {after} mL ({change} mL)</source>
        <translation type="unfinished">{name}: {before} mL, dann {after} mL ({change} mL)</translation>
    </message>
    <message>
        <source>The comparison was cancelled.</source>
        <translation type="unfinished">Der Vergleich wurde abgebrochen.</translation>
    </message>
    <message>
        <source>Not compared: the segmentation was removed meanwhile.</source>
        <translation type="unfinished">Nicht verglichen: Die Segmentierung wurde inzwischen entfernt.</translation>
    </message>
    <message>
        <source>Compared. The table is in the scene.</source>
        <translation type="unfinished">Verglichen. Die Tabelle ist in der Szene.</translation>
    </message>
    <message>
        <source>{names}: changed since the comparison. These numbers are of before: compare again.</source>
        <translation type="unfinished">{names}: seit dem Vergleich geändert. Diese Zahlen gelten für den Stand davor: Bitte erneut vergleichen.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.comparednodes</name>
    <message>
        <source>Choose two segmentations to compare.</source>
        <translation type="unfinished">Wählen Sie zwei Segmentierungen zum Vergleichen.</translation>
    </message>
    <message>
        <source>segmentation</source>
        <translation type="unfinished">Segmentierung</translation>
    </message>
    <message>
        <source>{name} cannot be converted to a binary labelmap. Do so in the module Segmentations.</source>
        <translation type="unfinished">{name} kann nicht in eine binäre Labelmap umgewandelt werden. Tun Sie das im Modul Segmentations.</translation>
    </message>
    <message>
        <source>{a} - {b} comparison</source>
        <translation type="unfinished">{a} - {b} Vergleich</translation>
    </message>
    <message>
        <source>{a} - {b} difference</source>
        <translation type="unfinished">{a} - {b} Unterschied</translation>
    </message>
    <message>
        <source>{name} is empty: draw a segment in it first.</source>
        <translation type="unfinished">{name} ist leer: Zeichnen Sie zuerst ein Segment ein.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.computer</name>
    <message>
        <source>This computer</source>
        <translation type="unfinished">Dieser Rechner</translation>
    </message>
    <message>
        <source>A server</source>
        <translation type="unfinished">Ein Server</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Wird abgebrochen...</translation>
    </message>
    <message>
        <source>A server needs an address and a key. Its administrator gives you both; or choose This computer.</source>
        <translation type="unfinished">Ein Server braucht eine Adresse und einen Schlüssel. Sein Administrator gibt Ihnen beides; oder wählen Sie Dieser Rechner.</translation>
    </message>
    <message>
        <source>The server was not asked.</source>
        <translation type="unfinished">Der Server wurde nicht gefragt.</translation>
    </message>
    <message>
        <source>none</source>
        <translation type="unfinished">keine</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">Abbrechen</translation>
    </message>
    <message>
        <source>Test connection</source>
        <translation type="unfinished">Verbindung testen</translation>
    </message>
    <message>
        <source>Asking {place}</source>
        <translation type="unfinished">{place} wird gefragt</translation>
    </message>
    <message>
        <source>{host} answers, takes the key, and has the models {models}.</source>
        <translation type="unfinished">{host} antwortet, nimmt den Schlüssel an und hat die Modelle {models}.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.consent</name>
    <message>
        <source>The weights of {model} may be used for non-commercial purposes alone: {licence}.

Use them for such a purpose? You are asked once.</source>
        <translation type="unfinished">Die Gewichte von {model} dürfen nur für nicht kommerzielle Zwecke verwendet werden: {licence}.

Für einen solchen Zweck verwenden? Sie werden nur einmal gefragt.</translation>
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
        <translation type="unfinished">Es gibt kein Ergebnis von UnifiedViT, das hinzugefügt werden könnte. Lassen Sie ein Modell auf ein Volumen laufen, korrigieren Sie, was es eingezeichnet hat, und fügen Sie das hinzu.</translation>
    </message>
    <message>
        <source>{name} does not know its volume: that is no longer in the scene, or {name} is a copy, or plays a sequence. Run on the volume again, and add that.</source>
        <translation type="unfinished">{name} kennt sein Volumen nicht: Dieses ist nicht mehr in der Szene, oder {name} ist eine Kopie oder spielt eine Sequenz ab. Starten Sie auf dem Volumen erneut und fügen Sie das hinzu.</translation>
    </message>
    <message>
        <source>{volume} no longer has the voxels that {name} was drawn on: it was changed, or its sequence shows another item. Show that item again, or run again, then add.</source>
        <translation type="unfinished">{volume} hat nicht mehr die Voxel, auf denen {name} eingezeichnet wurde: Das Volumen wurde geändert, oder seine Sequenz zeigt ein anderes Element. Zeigen Sie dieses Element wieder oder starten Sie erneut, dann fügen Sie hinzu.</translation>
    </message>
    <message>
        <source>{name} has several results ({results}). Say which one, as segmentationNode.</source>
        <translation type="unfinished">{name} hat mehrere Ergebnisse ({results}). Geben Sie als segmentationNode an, welches gemeint ist.</translation>
    </message>
    <message>
        <source>{name} looks at several sequences: a dataset of corrections holds images of one alone.</source>
        <translation type="unfinished">{name} sieht sich mehrere Sequenzen an: Ein Datensatz von Korrekturen enthält Bilder nur einer.</translation>
    </message>
    <message>
        <source>{name} lies under a transform that bends space. Take it out of the transform (module Transforms), and its segmentation too, then add again.</source>
        <translation type="unfinished">{name} liegt unter einer Transformation, die den Raum verbiegt. Nehmen Sie das Volumen und seine Segmentierung aus der Transformation heraus (Modul Transforms) und fügen Sie erneut hinzu.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.dicomresults</name>
    <message>
        <source>Only results of volumes that were loaded with Slicer&apos;s DICOM module can be saved as DICOM: they refer to the original images.</source>
        <translation type="unfinished">Nur Ergebnisse von Volumen, die mit Slicers DICOM-Modul geladen wurden, lassen sich als DICOM speichern: Sie beziehen sich auf die Originalbilder.</translation>
    </message>
    <message>
        <source>DICOM objects are made of results of this session alone, and there is none: a result that was loaded with a scene lacks what they need. Run again.</source>
        <translation type="unfinished">DICOM-Objekte entstehen nur aus Ergebnissen dieser Sitzung, und es gibt keines: Einem mit einer Szene geladenen Ergebnis fehlt, was sie brauchen. Starten Sie erneut.</translation>
    </message>
    <message>
        <source>{gone} of the {count} images of {name} are no longer in Slicer&apos;s DICOM database, or their files have gone. Import them again (module Add DICOM Data), then save.</source>
        <translation type="unfinished">{gone} der {count} Bilder von {name} sind nicht mehr in Slicers DICOM-Datenbank, oder ihre Dateien fehlen. Importieren Sie sie erneut (Modul Add DICOM Data) und speichern Sie dann.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.dicomview</name>
    <message>
        <source>{count} DICOM objects are written: {first} and others beside it.</source>
        <translation type="unfinished">{count} DICOM-Objekte sind geschrieben: {first} und daneben weitere.</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Wird abgebrochen...</translation>
    </message>
    <message>
        <source>Mask, report, maps and picture as DICOM objects that refer to the original images: the result as it was computed, without later changes to its segments.</source>
        <translation type="unfinished">Maske, Bericht, Karten und Bild als DICOM-Objekte, die sich auf die Originalbilder beziehen: das Ergebnis, wie es berechnet wurde, ohne spätere Änderungen an seinen Segmenten.</translation>
    </message>
    <message>
        <source>Folder for the DICOM objects</source>
        <translation type="unfinished">Ordner für die DICOM-Objekte</translation>
    </message>
    <message>
        <source>Add the objects to Slicer&apos;s DICOM database, too?</source>
        <translation type="unfinished">Die Objekte auch in Slicers DICOM-Datenbank aufnehmen?</translation>
    </message>
    <message>
        <source>{count} DICOM objects are written and in Slicer&apos;s DICOM database: {first} and others beside it.</source>
        <translation type="unfinished">{count} DICOM-Objekte sind geschrieben und in Slicers DICOM-Datenbank: {first} und daneben weitere.</translation>
    </message>
    <message>
        <source>Cancel saving</source>
        <translation type="unfinished">Speichern abbrechen</translation>
    </message>
    <message>
        <source>Save as DICOM...</source>
        <translation type="unfinished">Als DICOM sichern...</translation>
    </message>
    <message>
        <source>Not saved: the segments were changed since the run.</source>
        <translation type="unfinished">Nicht gespeichert: Die Segmente wurden seit dem Lauf geändert.</translation>
    </message>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>The segments were changed since the run. The DICOM objects say what the model drew, without these changes, which Slicer&apos;s own export (Export to DICOM) writes. Write them?</source>
        <translation type="unfinished">Die Segmente wurden seit dem Lauf geändert. Die DICOM-Objekte geben wieder, was das Modell eingezeichnet hat, ohne diese Änderungen, die Slicers eigener Export (Export to DICOM) schreibt. Trotzdem schreiben?</translation>
    </message>
    <message>
        <source>Results as DICOM need the package highdicom with what it needs (about 20 MB). Packages that are already there stay as they are. Install now?</source>
        <translation type="unfinished">Ergebnisse als DICOM brauchen das Paket highdicom und was dazugehört (etwa 20 MB). Bereits vorhandene Pakete bleiben, wie sie sind. Jetzt installieren?</translation>
    </message>
    <message>
        <source>Not saved: nothing was installed.</source>
        <translation type="unfinished">Nicht gespeichert: Es wurde nichts installiert.</translation>
    </message>
    <message>
        <source>Saving was cancelled.</source>
        <translation type="unfinished">Das Speichern wurde abgebrochen.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.furtherfiles</name>
    <message>
        <source>missing</source>
        <translation type="unfinished">fehlt</translation>
    </message>
    <message>
        <source>{what}: the name of its file beside each image, with a * for what the * of the pattern stands for, for example *_{name}.nii.gz beside *_t1c.nii.gz. Left empty, it is missing, and the model does without.</source>
        <translation type="unfinished">{what}: der Name der Datei neben jedem Bild, mit einem * für das, wofür der * des Musters steht, zum Beispiel *_{name}.nii.gz neben *_t1c.nii.gz. Bleibt das Feld leer, fehlt sie, und das Modell kommt ohne sie aus.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.maps</name>
    <message>
        <source>Heat map: {diagnosis}</source>
        <translation type="unfinished">Heatmap: {diagnosis}</translation>
    </message>
    <message>
        <source>What speaks for {diagnosis}, by {method}</source>
        <translation type="unfinished">Was für {diagnosis} spricht, nach {method}</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.models</name>
    <message>
        <source>Downloaded and imported models: {models:.1f} MB, networks compiled for this computer: {compiled:.1f} MB; in {folder}</source>
        <translation type="unfinished">Heruntergeladene und importierte Modelle: {models:.1f} MB, für diesen Rechner kompilierte Netze: {compiled:.1f} MB; in {folder}</translation>
    </message>
    <message>
        <source>Download {name} {version} ({size:.0f} MB)? Its weights are under {licence}. It is kept in {folder}.</source>
        <translation type="unfinished">{name} {version} ({size:.0f} MB) herunterladen? Die Gewichte stehen unter {licence}. Abgelegt wird es in {folder}.</translation>
    </message>
    <message>
        <source>Remove all downloaded and imported models, and networks compiled for this computer, which are compiled again when they are needed ({size:.1f} MB), from {folder}?</source>
        <translation type="unfinished">Alle heruntergeladenen und importierten Modelle und die für diesen Rechner kompilierten Netze, die bei Bedarf neu kompiliert werden ({size:.1f} MB), aus {folder} entfernen?</translation>
    </message>
    <message>
        <source>{version} (installed)</source>
        <translation type="unfinished">{version} (installiert)</translation>
    </message>
    <message>
        <source>comes with UnifiedViT</source>
        <translation type="unfinished">in UnifiedViT enthalten</translation>
    </message>
    <message>
        <source>installed</source>
        <translation type="unfinished">installiert</translation>
    </message>
    <message>
        <source>update available</source>
        <translation type="unfinished">Aktualisierung verfügbar</translation>
    </message>
    <message>
        <source>to download</source>
        <translation type="unfinished">zum Herunterladen</translation>
    </message>
    <message>
        <source>not to be had</source>
        <translation type="unfinished">nicht zu haben</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Wird abgebrochen...</translation>
    </message>
    <message>
        <source>Folder for downloaded models</source>
        <translation type="unfinished">Ordner für heruntergeladene Modelle</translation>
    </message>
    <message>
        <source>no folder</source>
        <translation type="unfinished">kein Ordner</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">Abbrechen</translation>
    </message>
    <message>
        <source>Download...</source>
        <translation type="unfinished">Herunterladen...</translation>
    </message>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>A model&apos;s folder</source>
        <translation type="unfinished">Der Ordner eines Modells</translation>
    </message>
    <message>
        <source>The model was removed.</source>
        <translation type="unfinished">Das Modell wurde entfernt.</translation>
    </message>
    <message>
        <source>All downloaded and imported models and all compiled networks were removed.</source>
        <translation type="unfinished">Alle heruntergeladenen und importierten Modelle und alle kompilierten Netze wurden entfernt.</translation>
    </message>
    <message>
        <source>{state}, {size:.1f} MB</source>
        <translation type="unfinished">{state}, {size:.1f} MB</translation>
    </message>
    <message>
        <source>Needs PyTorch.</source>
        <translation type="unfinished">Braucht PyTorch.</translation>
    </message>
    <message>
        <source>Version {version}, which it took the place of, is used again.</source>
        <translation type="unfinished">Version {version}, an deren Stelle sie getreten war, wird wieder verwendet.</translation>
    </message>
    <message>
        <source>{state}, {place}</source>
        <translation type="unfinished">{state}, {place}</translation>
    </message>
    <message>
        <source>It comes from {place}.</source>
        <translation type="unfinished">Es kommt von {place}.</translation>
    </message>
    <message>
        <source>It takes the place of version {version}.</source>
        <translation type="unfinished">Es tritt an die Stelle der Version {version}.</translation>
    </message>
    <message>
        <source>Remove {name} {version} from {folder}?</source>
        <translation type="unfinished">{name} {version} aus {folder} entfernen?</translation>
    </message>
    <message>
        <source>Models are kept in {folder} from now on.</source>
        <translation type="unfinished">Modelle werden von jetzt an in {folder} aufbewahrt.</translation>
    </message>
    <message>
        <source>Cancelled. What is there already is kept for next time.</source>
        <translation type="unfinished">Abgebrochen. Was schon da ist, bleibt für das nächste Mal.</translation>
    </message>
    <message>
        <source>A model&apos;s .zip, or its model.json</source>
        <translation type="unfinished">Das .zip eines Modells oder seine model.json</translation>
    </message>
    <message>
        <source>Models (*.zip model.json)</source>
        <translation type="unfinished">Modelle (*.zip model.json)</translation>
    </message>
    <message>
        <source>The model is installed.</source>
        <translation type="unfinished">Das Modell ist installiert.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.panel</name>
    <message>
        <source>{value} (not installed)</source>
        <translation type="unfinished">{value} (nicht installiert)</translation>
    </message>
    <message>
        <source>{value} (not available here)</source>
        <translation type="unfinished">{value} (hier nicht verfügbar)</translation>
    </message>
    <message>
        <source>Model {model} is not installed: choose another, or see section Models.</source>
        <translation type="unfinished">Das Modell {model} ist nicht installiert: Wählen Sie ein anderes, oder siehe Abschnitt Modelle.</translation>
    </message>
    <message>
        <source>Starting...</source>
        <translation type="unfinished">Wird gestartet...</translation>
    </message>
    <message>
        <source>The result was taken back.</source>
        <translation type="unfinished">Das Ergebnis wurde zurückgenommen.</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Wird abgebrochen...</translation>
    </message>
    <message>
        <source>Ctrl+Enter runs, Esc cancels.</source>
        <translation type="unfinished">Strg+Eingabe startet, Esc bricht ab.</translation>
    </message>
    <message>
        <source>Choose a volume and a model first.</source>
        <translation type="unfinished">Wählen Sie zuerst ein Volumen und ein Modell.</translation>
    </message>
    <message>
        <source>for {value} (not of this model)</source>
        <translation type="unfinished">für {value} (nicht von diesem Modell)</translation>
    </message>
    <message>
        <source>Cancelled. The scene is as it was.</source>
        <translation type="unfinished">Abgebrochen. Die Szene ist, wie sie war.</translation>
    </message>
    <message>
        <source>Not run: the licence of the weights was not agreed to.</source>
        <translation type="unfinished">Nicht gestartet: Der Lizenz der Gewichte wurde nicht zugestimmt.</translation>
    </message>
    <message>
        <source>The volume was removed from the scene: its run was ended.</source>
        <translation type="unfinished">Das Volumen wurde aus der Szene entfernt: Der Lauf wurde beendet.</translation>
    </message>
    <message>
        <source>A run is under way. Wait until it has ended, then load the case again.</source>
        <translation type="unfinished">Ein Lauf ist im Gange. Warten Sie, bis er beendet ist, und laden Sie den Fall dann erneut.</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">Abbrechen</translation>
    </message>
    <message>
        <source>Run on the server</source>
        <translation type="unfinished">Auf dem Server starten</translation>
    </message>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>Run</source>
        <translation type="unfinished">Starten</translation>
    </message>
    <message>
        <source>The result could not be put into the scene, which is as it was ({error}). Free memory and run again; if that does not help, please report it.</source>
        <translation type="unfinished">Das Ergebnis konnte nicht in die Szene gebracht werden; sie ist, wie sie war ({error}). Geben Sie Speicher frei und starten Sie erneut; hilft das nicht, melden Sie es bitte.</translation>
    </message>
    <message>
        <source>Run {count} models</source>
        <translation type="unfinished">{count} Modelle starten</translation>
    </message>
    <message>
        <source>&lt;b&gt;Expects&lt;/b&gt; {what}</source>
        <translation type="unfinished">&lt;b&gt;Erwartet&lt;/b&gt; {what}</translation>
    </message>
    <message>
        <source>Not taken back: the result was changed since the run.</source>
        <translation type="unfinished">Nicht zurückgenommen: Das Ergebnis wurde seit dem Lauf geändert.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Weights&lt;/b&gt; {licence}</source>
        <translation type="unfinished">&lt;b&gt;Gewichte&lt;/b&gt; {licence}</translation>
    </message>
    <message>
        <source>Done in {seconds:.1f} s.</source>
        <translation type="unfinished">Fertig nach {seconds:.1f} s.</translation>
    </message>
    <message>
        <source>Segments, names or the table of the result were changed since the run. Undo takes these changes away too. Take the result back?</source>
        <translation type="unfinished">Segmente, Namen oder die Tabelle des Ergebnisses wurden seit dem Lauf geändert. Rückgängig nimmt auch diese Änderungen weg. Das Ergebnis zurücknehmen?</translation>
    </message>
    <message>
        <source> (about {seconds:.0f} s left)</source>
        <translation type="unfinished"> (noch etwa {seconds:.0f} s)</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.patient</name>
    <message>
        <source>Choose at least one result of UnifiedViT.</source>
        <translation type="unfinished">Wählen Sie mindestens ein Ergebnis von UnifiedViT.</translation>
    </message>
    <message>
        <source>{name}: {value}</source>
        <translation type="unfinished">{name}: {value}</translation>
    </message>
    <message>
        <source>{name}: {value} (without it, {diagnosis} {probability})</source>
        <translation type="unfinished">{name}: {value} (ohne dies {diagnosis} {probability})</translation>
    </message>
    <message>
        <source>Missing</source>
        <translation type="unfinished">Fehlt</translation>
    </message>
    <message>
        <source>{name} is of another patient than {other}. Choose the images of one patient.</source>
        <translation type="unfinished">{name} gehört zu einem anderen Patienten als {other}. Wählen Sie die Bilder eines Patienten.</translation>
    </message>
    <message>
        <source>The result {name} of this scene is damaged. Run the model again.</source>
        <translation type="unfinished">Das Ergebnis {name} dieser Szene ist beschädigt. Führen Sie das Modell noch einmal aus.</translation>
    </message>
    <message>
        <source>The results in the scene have changed meanwhile. Check them again.</source>
        <translation type="unfinished">Die Ergebnisse in der Szene haben sich inzwischen geändert. Haken Sie sie noch einmal an.</translation>
    </message>
    <message>
        <source>Images alone: {diagnosis} {probability}</source>
        <translation type="unfinished">Bilder allein: {diagnosis} {probability}</translation>
    </message>
    <message>
        <source>A package that the model needs is missing ({error}). Run the model once: the panel offers to install it.</source>
        <translation type="unfinished">Ein Paket, das das Modell braucht, fehlt ({error}). Führen Sie das Modell einmal aus: Das Panel bietet dann an, es zu installieren.</translation>
    </message>
    <message>
        <source>{name} is no result of {model} {version}. Look at all images with one model.</source>
        <translation type="unfinished">{name} ist kein Ergebnis von {model} {version}. Lassen Sie alle Bilder von einem Modell ansehen.</translation>
    </message>
    <message>
        <source>Missing: {fields}</source>
        <translation type="unfinished">Fehlend: {fields}</translation>
    </message>
    <message>
        <source>{name} and {other} are results of one image, which would count twice. Choose one of them.</source>
        <translation type="unfinished">{name} und {other} sind Ergebnisse eines Bildes, das doppelt zählen würde. Wählen Sie eines davon.</translation>
    </message>
    <message>
        <source>From {low} to {high}. The model has learnt from {first} to {last}.</source>
        <translation type="unfinished">Von {low} bis {high}. Gelernt hat das Modell aus {first} bis {last}.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.region</name>
    <message>
        <source>none</source>
        <translation type="unfinished">keine</translation>
    </message>
    <message>
        <source>Region of interest</source>
        <translation type="unfinished">Interessierender Bereich</translation>
    </message>
    <message>
        <source>A region of interest is a Markups ROI or a segmentation with a segment. Choose one of these.</source>
        <translation type="unfinished">Ein interessierender Bereich ist eine Markups-ROI oder eine Segmentierung mit einem Segment. Wählen Sie eines davon.</translation>
    </message>
    <message>
        <source>{name} is not placed yet. Draw it in a slice view first.</source>
        <translation type="unfinished">{name} ist noch nicht platziert. Zeichnen Sie sie zuerst in einer Schichtansicht ein.</translation>
    </message>
    <message>
        <source>{name} is inside out: it names what is not of interest. Switch that off in the module Markups.</source>
        <translation type="unfinished">{name} ist umgestülpt (inside out): Sie bezeichnet, was nicht interessiert. Schalten Sie das im Modul Markups aus.</translation>
    </message>
    <message>
        <source>{name} has no segment {segment}; there are: {there}. Choose one of them for the region.</source>
        <translation type="unfinished">{name} hat kein Segment {segment}; vorhanden sind: {there}. Wählen Sie eines davon für den Bereich.</translation>
    </message>
    <message>
        <source>Region of interest: {name}</source>
        <translation type="unfinished">Interessierender Bereich: {name}</translation>
    </message>
    <message>
        <source>ROI {name}</source>
        <translation type="unfinished">ROI {name}</translation>
    </message>
    <message>
        <source>{segment} (not there)</source>
        <translation type="unfinished">{segment} (nicht vorhanden)</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.repositories</name>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Wird abgebrochen...</translation>
    </message>
    <message>
        <source>{place} (signed)</source>
        <translation type="unfinished">{place} (signiert)</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">Abbrechen</translation>
    </message>
    <message>
        <source>Look for updates</source>
        <translation type="unfinished">Nach Neuem suchen</translation>
    </message>
    <message>
        <source>The repository is forgotten. Models that came from it stay.</source>
        <translation type="unfinished">Die Quelle ist vergessen. Modelle, die von ihr kamen, bleiben.</translation>
    </message>
    <message>
        <source>Cancelled. The models that were known are listed still.</source>
        <translation type="unfinished">Abgebrochen. Die bekannten Modelle sind weiter aufgeführt.</translation>
    </message>
    <message>
        <source>Nothing new.</source>
        <translation type="unfinished">Nichts Neues.</translation>
    </message>
    <message>
        <source>As of {time}</source>
        <translation type="unfinished">Stand: {time}</translation>
    </message>
    <message>
        <source>The repository is added; models in it: {count}.</source>
        <translation type="unfinished">Die Quelle ist hinzugefügt; Modelle darin: {count}.</translation>
    </message>
    <message>
        <source>New: {models}.</source>
        <translation type="unfinished">Neu: {models}.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.results</name>
    <message>
        <source>nothing drawn</source>
        <translation type="unfinished">nichts eingezeichnet</translation>
    </message>
    <message>
        <source>drawn, size not known</source>
        <translation type="unfinished">eingezeichnet, Größe nicht bekannt</translation>
    </message>
    <message>
        <source>The line marks the probability from which on it is found.</source>
        <translation type="unfinished">Die Linie markiert die Wahrscheinlichkeit, ab der etwas als gefunden gilt.</translation>
    </message>
    <message>
        <source>Save report</source>
        <translation type="unfinished">Bericht speichern</translation>
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
        <translation type="unfinished">Wahrscheinlichkeit jeder Klasse, Schicht für Schicht: {classes}</translation>
    </message>
    <message>
        <source>The surface could not be made from this segmentation.</source>
        <translation type="unfinished">Aus dieser Segmentierung ließ sich keine Oberfläche erstellen.</translation>
    </message>
    <message>
        <source>Nothing is drawn in this segmentation.</source>
        <translation type="unfinished">In dieser Segmentierung ist nichts eingezeichnet.</translation>
    </message>
    <message>
        <source>The result is in the clipboard.</source>
        <translation type="unfinished">Das Ergebnis ist in der Zwischenablage.</translation>
    </message>
    <message>
        <source>This result is of {name}, not of the volume that is chosen above.</source>
        <translation type="unfinished">Dieses Ergebnis ist von {name}, nicht von dem Volumen, das oben gewählt ist.</translation>
    </message>
    <message>
        <source>The report is in {path}</source>
        <translation type="unfinished">Der Bericht ist in {path}</translation>
    </message>
    <message>
        <source>, item {number}</source>
        <translation type="unfinished">, Element {number}</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.run</name>
    <message>
        <source>The volume was removed from the scene before its result came.</source>
        <translation type="unfinished">Das Volumen wurde aus der Szene entfernt, bevor sein Ergebnis kam.</translation>
    </message>
    <message>
        <source>The voxels of {names} were changed while the model looked at them: this is the result for the voxels as they were. Run again.</source>
        <translation type="unfinished">Die Voxel von {names} wurden geändert, während das Modell sie ansah: Dies ist das Ergebnis für die Voxel, wie sie waren. Starten Sie erneut.</translation>
    </message>
    <message>
        <source>{name} holds the result of another volume, and stays: this result is in a new segmentation.</source>
        <translation type="unfinished">{name} enthält das Ergebnis eines anderen Volumens und bleibt: Dieses Ergebnis steht in einer neuen Segmentierung.</translation>
    </message>
    <message>
        <source>The segments of {name} were changed since its run, and stay: this result is in a new segmentation.</source>
        <translation type="unfinished">Die Segmente von {name} wurden seit dem Lauf geändert und bleiben: Dieses Ergebnis steht in einer neuen Segmentierung.</translation>
    </message>
    <message>
        <source>{name} holds what no run has made, and stays: this result is in a new segmentation.</source>
        <translation type="unfinished">{name} enthält, was kein Lauf gemacht hat, und bleibt: Dieses Ergebnis ist in einer neuen Segmentierung.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.sentences</name>
    <message>
        <source>{number} of {count}, {name}: {stage}</source>
        <translation type="unfinished">{number} von {count}, {name}: {stage}</translation>
    </message>
    <message>
        <source>Loading the model</source>
        <translation type="unfinished">Modell wird geladen</translation>
    </message>
    <message>
        <source>Preparing</source>
        <translation type="unfinished">Vorbereitung</translation>
    </message>
    <message>
        <source>Looking at slice {slice} of {count}</source>
        <translation type="unfinished">Schicht {slice} von {count}</translation>
    </message>
    <message>
        <source>Explaining slice {slice} of {count}</source>
        <translation type="unfinished">Erklärung der Schicht {slice} von {count}</translation>
    </message>
    <message>
        <source>Super-resolution, region {region} of {count}</source>
        <translation type="unfinished">Superauflösung, Bereich {region} von {count}</translation>
    </message>
    <message>
        <source>Comparing ways to compute, once on this computer</source>
        <translation type="unfinished">Rechenwege werden verglichen, einmal auf diesem Rechner</translation>
    </message>
    <message>
        <source>Laying the segmentations over each other</source>
        <translation type="unfinished">Die Segmentierungen werden übereinandergelegt</translation>
    </message>
    <message>
        <source>Comparing {name}</source>
        <translation type="unfinished">{name} wird verglichen</translation>
    </message>
    <message>
        <source>Reading the DICOM images</source>
        <translation type="unfinished">DICOM-Bilder werden gelesen</translation>
    </message>
    <message>
        <source>Making DICOM objects</source>
        <translation type="unfinished">DICOM-Objekte werden erstellt</translation>
    </message>
    <message>
        <source>Writing DICOM objects</source>
        <translation type="unfinished">DICOM-Objekte werden geschrieben</translation>
    </message>
    <message>
        <source>Asking {place}</source>
        <translation type="unfinished">{place} wird gefragt</translation>
    </message>
    <message>
        <source>Sending to {place}</source>
        <translation type="unfinished">Senden an {place}</translation>
    </message>
    <message>
        <source>Waiting on {place}: {number} in line</source>
        <translation type="unfinished">Warten auf {place}: Platz {number}</translation>
    </message>
    <message>
        <source>Fetching from {place}</source>
        <translation type="unfinished">Holen von {place}</translation>
    </message>
    <message>
        <source>Reading the result</source>
        <translation type="unfinished">Das Ergebnis wird gelesen</translation>
    </message>
    <message>
        <source>Loading the training package</source>
        <translation type="unfinished">Trainingspaket wird geladen</translation>
    </message>
    <message>
        <source>Preparing the cases</source>
        <translation type="unfinished">Fälle werden vorbereitet</translation>
    </message>
    <message>
        <source>Learning: epoch {number} of {count}</source>
        <translation type="unfinished">Lernen: Epoche {number} von {count}</translation>
    </message>
    <message>
        <source>Evaluating</source>
        <translation type="unfinished">Auswertung</translation>
    </message>
    <message>
        <source>Evaluating whole volumes</source>
        <translation type="unfinished">Auswertung ganzer Volumen</translation>
    </message>
    <message>
        <source>Evaluating on the reference</source>
        <translation type="unfinished">Auswertung auf der Referenz</translation>
    </message>
    <message>
        <source>Comparing the two models</source>
        <translation type="unfinished">Die beiden Modelle werden verglichen</translation>
    </message>
    <message>
        <source>Writing the model</source>
        <translation type="unfinished">Modell wird geschrieben</translation>
    </message>
    <message>
        <source>Installing PyTorch</source>
        <translation type="unfinished">PyTorch wird installiert</translation>
    </message>
    <message>
        <source>Installing packages</source>
        <translation type="unfinished">Pakete werden installiert</translation>
    </message>
    <message>
        <source>Looking for the build that fits the GPU</source>
        <translation type="unfinished">Die zur GPU passende Fassung wird gesucht</translation>
    </message>
    <message>
        <source>Looking for packages</source>
        <translation type="unfinished">Pakete werden gesucht</translation>
    </message>
    <message>
        <source>Fetching packages</source>
        <translation type="unfinished">Pakete werden geholt</translation>
    </message>
    <message>
        <source>Trying the packages</source>
        <translation type="unfinished">Die Pakete werden ausprobiert</translation>
    </message>
    <message>
        <source>Putting packages in place</source>
        <translation type="unfinished">Pakete werden an ihren Platz gebracht</translation>
    </message>
    <message>
        <source>A 2-D image tells neither its orientation nor its thickness: sizes are not known, no volumes in mL are given.</source>
        <translation type="unfinished">Ein 2-D-Bild nennt weder seine Ausrichtung noch seine Dicke: Größen sind nicht bekannt, es werden keine Volumina in mL angegeben.</translation>
    </message>
    <message>
        <source>The image does not tell the size of its voxels: sizes are not known, no volumes in mL are given.</source>
        <translation type="unfinished">Das Bild nennt die Größe seiner Voxel nicht: Größen sind nicht bekannt, es werden keine Volumina in mL angegeben.</translation>
    </message>
    <message>
        <source>The image does not tell how its axes lie in the patient: right and left may be exchanged, and slices turned. Compare them with the original.</source>
        <translation type="unfinished">Das Bild nennt nicht, wie seine Achsen im Patienten liegen: Rechts und links können vertauscht und Schichten gedreht sein. Vergleichen Sie mit dem Original.</translation>
    </message>
    <message>
        <source>The image is much coarser than what the model was trained on; small findings cannot be seen.</source>
        <translation type="unfinished">Das Bild ist viel gröber als die Bilder, mit denen das Modell trainiert wurde; kleine Befunde sind nicht zu sehen.</translation>
    </message>
    <message>
        <source>Without {channels}: the model was not given all that it can use.</source>
        <translation type="unfinished">Ohne {channels}: Das Modell bekam nicht alles, was es nutzen kann.</translation>
    </message>
    <message>
        <source>Without {channels}: the model was not given all that it can use. Whether it was trained on such images is not judged.</source>
        <translation type="unfinished">Ohne {channels}: Das Modell bekam nicht alles, was es nutzen kann. Ob es mit solchen Bildern trainiert wurde, wird nicht beurteilt.</translation>
    </message>
    <message>
        <source>The slices are shifted against each other by up to {distance} mm (a gantry tilted by {degrees}°): the volume was corrected to right angles.</source>
        <translation type="unfinished">Die Schichten sind um bis zu {distance} mm gegeneinander verschoben (Gantry um {degrees}° gekippt): Das Volumen wurde auf rechte Winkel korrigiert.</translation>
    </message>
    <message>
        <source>The slices are not quite evenly spaced: positions may be off by up to {distance} mm.</source>
        <translation type="unfinished">Die Schichten haben nicht ganz gleiche Abstände: Positionen können um bis zu {distance} mm abweichen.</translation>
    </message>
    <message>
        <source>The image says that it is {modality}; this model knows {expected}. Do not rely on the answer.</source>
        <translation type="unfinished">Das Bild gibt an, {modality} zu sein; dieses Modell kennt {expected}. Verlassen Sie sich nicht auf die Antwort.</translation>
    </message>
    <message>
        <source>Air has negative values, as in CT (Hounsfield units); this model knows {expected}. Do not rely on the answer.</source>
        <translation type="unfinished">Luft hat negative Werte, wie im CT (Hounsfield-Einheiten); dieses Modell kennt {expected}. Verlassen Sie sich nicht auf die Antwort.</translation>
    </message>
    <message>
        <source>{name} has only {count} different values: a mask or a label map, not a scan. Check that the right file was loaded.</source>
        <translation type="unfinished">{name} hat nur {count} verschiedene Werte: eine Maske oder Labelmap, keine Aufnahme. Prüfen Sie, ob die richtige Datei geladen wurde.</translation>
    </message>
    <message>
        <source>The image does not look like what the model was trained on ({where} further from the training images than 99% of the images kept for validation). Do not rely on the answer.</source>
        <translation type="unfinished">Das Bild sieht nicht aus wie das, womit das Modell trainiert wurde ({where} weiter von den Trainingsbildern entfernt als 99% der zur Validierung zurückgehaltenen Bilder). Verlassen Sie sich nicht auf die Antwort.</translation>
    </message>
    <message>
        <source>it lies</source>
        <translation type="unfinished">es liegt</translation>
    </message>
    <message>
        <source>{share} of its slices lie</source>
        <translation type="unfinished">{share} seiner Schichten liegen</translation>
    </message>
    <message>
        <source>The image seems to be {rotation}: put right, it would look more like what the model was trained on. Check its orientation.</source>
        <translation type="unfinished">Das Bild scheint {rotation} zu sein: Richtig gestellt, sähe es dem, womit das Modell trainiert wurde, ähnlicher. Prüfen Sie seine Ausrichtung.</translation>
    </message>
    <message>
        <source>upside down</source>
        <translation type="unfinished">auf den Kopf gestellt</translation>
    </message>
    <message>
        <source>turned to the right</source>
        <translation type="unfinished">nach rechts gedreht</translation>
    </message>
    <message>
        <source>turned to the left</source>
        <translation type="unfinished">nach links gedreht</translation>
    </message>
    <message>
        <source>uncertain — review</source>
        <translation type="unfinished">unsicher — prüfen</translation>
    </message>
    <message>
        <source>The diagnosis is never to be taken without a reader: of this model&apos;s answers to the images that it was judged on, too many were wrong, however sure it was. Review it.</source>
        <translation type="unfinished">Die Diagnose ist nie ohne Befundung durch eine Fachperson zu übernehmen: Von den Antworten dieses Modells auf die Bilder, an denen es beurteilt wurde, waren zu viele falsch, wie sicher es auch war. Prüfen Sie sie.</translation>
    </message>
    <message>
        <source>The diagnosis is uncertain ({probability} {meaning}, under {threshold}): review it.</source>
        <translation type="unfinished">Die Diagnose ist unsicher ({probability} {meaning}, unter {threshold}): Prüfen Sie sie.</translation>
    </message>
    <message>
        <source>confidence over all passes</source>
        <translation type="unfinished">Konfidenz über alle Durchgänge</translation>
    </message>
    <message>
        <source>for the likeliest class</source>
        <translation type="unfinished">für die wahrscheinlichste Klasse</translation>
    </message>
    <message>
        <source>The two answers contradict each other: the diagnosis is {diagnosis}, yet {region} is drawn.</source>
        <translation type="unfinished">Die beiden Antworten widersprechen sich: Die Diagnose ist {diagnosis}, doch {region} ist eingezeichnet.</translation>
    </message>
    <message>
        <source>a region</source>
        <translation type="unfinished">ein Bereich</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation type="unfinished">nichts</translation>
    </message>
    <message>
        <source>The two answers contradict each other: {finding} found, yet {segment} is not drawn.</source>
        <translation type="unfinished">Die beiden Antworten widersprechen sich: {finding} gefunden, doch {segment} ist nicht eingezeichnet.</translation>
    </message>
    <message>
        <source>The two answers contradict each other: {segment} is drawn, yet {finding} is not found.</source>
        <translation type="unfinished">Die beiden Antworten widersprechen sich: {segment} ist eingezeichnet, doch {finding} wurde nicht gefunden.</translation>
    </message>
    <message>
        <source>Uncertain, as close to the threshold: {findings}. Review it.</source>
        <translation type="unfinished">Unsicher, da nahe am Schwellenwert: {findings}. Prüfen Sie das.</translation>
    </message>
    <message>
        <source>The segments were changed since the run: amounts and sentences are of what the model drew, outlines as they are now.</source>
        <translation type="unfinished">Die Segmente wurden seit dem Lauf geändert: Mengen und Sätze gelten für das, was das Modell eingezeichnet hat, die Umrisse zeigen den jetzigen Stand.</translation>
    </message>
    <message>
        <source>The volume and its segmentation were moved apart since the run: outlines lie beside what they outline. Move both alike, or run again.</source>
        <translation type="unfinished">Volumen und Segmentierung wurden seit dem Lauf gegeneinander verschoben: Umrisse liegen neben dem, was sie umreißen. Bewegen Sie beide gleich, oder starten Sie erneut.</translation>
    </message>
    <message>
        <source>The volume was moved or resized since the run: places and sizes in words are as they were then.</source>
        <translation type="unfinished">Das Volumen wurde seit dem Lauf bewegt oder in seiner Größe geändert: Orte und Größen im Text sind die von damals.</translation>
    </message>
    <message>
        <source>The volume has gone, or no longer has the voxels that were looked at: it was changed, or its sequence shows another item. The result is of what it was; a report has no pictures.</source>
        <translation type="unfinished">Das Volumen fehlt oder hat nicht mehr die Voxel, die angesehen wurden: Es wurde geändert, oder seine Sequenz zeigt ein anderes Element. Das Ergebnis gilt für den Stand davor; ein Bericht hat keine Bilder.</translation>
    </message>
    <message>
        <source>Metadata changed the diagnosis: from the images alone it would be {diagnosis}.</source>
        <translation type="unfinished">Metadaten haben die Diagnose geändert: Aus den Bildern allein wäre sie {diagnosis}.</translation>
    </message>
    <message>
        <source>The images contradict each other: {diagnoses}.</source>
        <translation type="unfinished">Die Bilder widersprechen einander: {diagnoses}.</translation>
    </message>
    <message>
        <source>The patient&apos;s diagnosis is uncertain ({diagnosis}, under {threshold}): review it.</source>
        <translation type="unfinished">Die Diagnose des Patienten ist unsicher ({diagnosis}, unter {threshold}): Prüfen Sie sie.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.sequences</name>
    <message>
        <source>No sequence is chosen. Load a sequence of volumes and choose it.</source>
        <translation type="unfinished">Keine Sequenz ist gewählt. Laden Sie eine Sequenz von Volumen und wählen Sie sie.</translation>
    </message>
    <message>
        <source>The sequence was removed from the scene: its run was ended.</source>
        <translation type="unfinished">Die Sequenz wurde aus der Szene entfernt: Ihr Lauf wurde beendet.</translation>
    </message>
    <message>
        <source>{name} is in no scene. Add it to one.</source>
        <translation type="unfinished">{name} ist in keiner Szene. Fügen Sie es einer hinzu.</translation>
    </message>
    <message>
        <source>{name} has no items. Load the sequence again.</source>
        <translation type="unfinished">{name} hat keine Einträge. Laden Sie die Sequenz erneut.</translation>
    </message>
    <message>
        <source>{name} is no sequence of volumes. Choose one of volumes.</source>
        <translation type="unfinished">{name} ist keine Sequenz von Volumen. Wählen Sie eine von Volumen.</translation>
    </message>
    <message>
        <source>The item {index} was taken out of the sequence, or given another index, meanwhile. Run the sequence again.</source>
        <translation type="unfinished">Das Element {index} wurde inzwischen aus der Sequenz genommen oder hat einen anderen Index bekommen. Starten Sie die Sequenz erneut.</translation>
    </message>
    <message>
        <source>{name} was changed while it was looked at: its voxels, spacing, origin or directions. Run the sequence again.</source>
        <translation type="unfinished">{name} wurde geändert, während es angesehen wurde: Voxel, Voxelabstand, Ursprung oder Richtungen. Starten Sie die Sequenz erneut.</translation>
    </message>
    <message>
        <source>item {number} of {count}: {stage}</source>
        <translation type="unfinished">Eintrag {number} von {count}: {stage}</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.sequenceview</name>
    <message>
        <source>The run of the sequence was taken back.</source>
        <translation type="unfinished">Der Lauf über die Sequenz wurde zurückgenommen.</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Wird abgebrochen...</translation>
    </message>
    <message>
        <source>Not run: the licence of the weights was not agreed to.</source>
        <translation type="unfinished">Nicht gestartet: Der Lizenz der Gewichte wurde nicht zugestimmt.</translation>
    </message>
    <message>
        <source>failed</source>
        <translation type="unfinished">fehlgeschlagen</translation>
    </message>
    <message>
        <source>No sequence browser plays this sequence: make one in the module Sequences.</source>
        <translation type="unfinished">Kein Sequenzbrowser spielt diese Sequenz ab: Legen Sie im Modul Sequences einen an.</translation>
    </message>
    <message>
        <source>The plot is no longer in the scene.</source>
        <translation type="unfinished">Das Diagramm ist nicht mehr in der Szene.</translation>
    </message>
    <message>
        <source>Cancel sequence</source>
        <translation type="unfinished">Sequenz abbrechen</translation>
    </message>
    <message>
        <source>Run sequence on the server</source>
        <translation type="unfinished">Sequenz auf dem Server starten</translation>
    </message>
    <message>
        <source>Run sequence</source>
        <translation type="unfinished">Sequenz starten</translation>
    </message>
    <message>
        <source>The sequence was removed from the scene: its run was ended.</source>
        <translation type="unfinished">Die Sequenz wurde aus der Szene entfernt: Ihr Lauf wurde beendet.</translation>
    </message>
    <message>
        <source>{done} of {count} items are done; they play with the volumes, and a table and a plot over time are in the scene.</source>
        <translation type="unfinished">{done} von {count} Elementen sind fertig; sie laufen mit den Volumen ab, und eine Tabelle und ein Diagramm über die Zeit sind in der Szene.</translation>
    </message>
    <message>
        <source>Cancelled. Items that are done and in the scene: {done} of {count}.</source>
        <translation type="unfinished">Abgebrochen. Fertige Elemente in der Szene: {done} von {count}.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.setup</name>
    <message>
        <source>OpenVINO: CPU, light</source>
        <translation type="unfinished">OpenVINO: CPU, leicht</translation>
    </message>
    <message>
        <source>PyTorch: CPU and GPU</source>
        <translation type="unfinished">PyTorch: CPU und GPU</translation>
    </message>
    <message>
        <source>The installation was cancelled, and can be begun again.</source>
        <translation type="unfinished">Die Installation wurde abgebrochen und kann neu begonnen werden.</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">Abbrechen</translation>
    </message>
    <message>
        <source>Install what is missing...</source>
        <translation type="unfinished">Fehlendes installieren...</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Wird abgebrochen...</translation>
    </message>
    <message>
        <source>Folder with wheels (.whl)</source>
        <translation type="unfinished">Ordner mit Wheels (.whl)</translation>
    </message>
    <message>
        <source>PyTorch is installed.</source>
        <translation type="unfinished">PyTorch ist installiert.</translation>
    </message>
    <message>
        <source>Slicer is installing packages for another module. Wait until that has ended, then try again.</source>
        <translation type="unfinished">Slicer installiert gerade Pakete für ein anderes Modul. Warten Sie, bis das beendet ist, und versuchen Sie es dann erneut.</translation>
    </message>
    <message>
        <source>Nothing was installed.</source>
        <translation type="unfinished">Es wurde nichts installiert.</translation>
    </message>
    <message>
        <source>All packages that are needed are here.</source>
        <translation type="unfinished">Alle benötigten Pakete sind da.</translation>
    </message>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>{packages} cannot be installed anew, as another module of Slicer uses what is there. Start Slicer again, and install before that module is used.</source>
        <translation type="unfinished">{packages} kann nicht neu installiert werden, weil ein anderes Modul von Slicer das Vorhandene benutzt. Starten Sie Slicer neu und installieren Sie, bevor jenes Modul benutzt wird.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.severalmodels</name>
    <message>
        <source>Several models add a segmentation each: name at least one model, and no segmentation to replace.</source>
        <translation type="unfinished">Mehrere Modelle fügen je eine Segmentierung hinzu: Nennen Sie mindestens ein Modell und keine Segmentierung, die ersetzt werden soll.</translation>
    </message>
    <message>
        <source>{value} (not installed)</source>
        <translation type="unfinished">{value} (nicht installiert)</translation>
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
        <translation type="unfinished">nichts gefunden</translation>
    </message>
    <message>
        <source>Not known</source>
        <translation type="unfinished">Nicht bekannt</translation>
    </message>
    <message>
        <source>Folder of the dataset</source>
        <translation type="unfinished">Ordner des Datensatzes</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Wird abgebrochen...</translation>
    </message>
    <message>
        <source>A result, a folder and who corrected it are needed first.</source>
        <translation type="unfinished">Zuerst werden ein Ergebnis, ein Ordner und der Befunder gebraucht.</translation>
    </message>
    <message>
        <source>Nothing found</source>
        <translation type="unfinished">Nichts gefunden</translation>
    </message>
    <message>
        <source>Cancel adding</source>
        <translation type="unfinished">Hinzufügen abbrechen</translation>
    </message>
    <message>
        <source>Add to my dataset</source>
        <translation type="unfinished">Zum Datensatz</translation>
    </message>
    <message>
        <source>{diagnosis}: as the model says</source>
        <translation type="unfinished">{diagnosis}: wie das Modell sagt</translation>
    </message>
    <message>
        <source>Nothing was changed in the dataset.</source>
        <translation type="unfinished">Am Datensatz wurde nichts geändert.</translation>
    </message>
    <message>
        <source>The case was taken out of the dataset again.</source>
        <translation type="unfinished">Der Fall wurde wieder aus dem Datensatz herausgenommen.</translation>
    </message>
    <message>
        <source>Added to the dataset in {folder}</source>
        <translation type="unfinished">Zum Datensatz in {folder} hinzugefügt</translation>
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
        <translation type="unfinished">Abbrechen</translation>
    </message>
    <message>
        <source>Which?</source>
        <translation type="unfinished">Welches?</translation>
    </message>
    <message>
        <source>fits</source>
        <translation type="unfinished">passt</translation>
    </message>
    <message>
        <source>doubtful</source>
        <translation type="unfinished">zweifelhaft</translation>
    </message>
    <message>
        <source>not judged</source>
        <translation type="unfinished">nicht beurteilt</translation>
    </message>
    <message>
        <source>does not fit</source>
        <translation type="unfinished">passt nicht</translation>
    </message>
    <message>
        <source>Only slices of the region were looked at: {region}.</source>
        <translation type="unfinished">Nur Schichten der Region wurden angesehen: {region}.</translation>
    </message>
    <message>
        <source>{model} (as {channel})</source>
        <translation type="unfinished">{model} (als {channel})</translation>
    </message>
    <message>
        <source>The server looks: voxels and geometry are sent there.</source>
        <translation type="unfinished">Der Server sieht nach: Voxel und Geometrie werden dorthin gesendet.</translation>
    </message>
    <message>
        <source>Cancelled. No model was judged.</source>
        <translation type="unfinished">Abgebrochen. Kein Modell wurde beurteilt.</translation>
    </message>
</context>
</TS>
