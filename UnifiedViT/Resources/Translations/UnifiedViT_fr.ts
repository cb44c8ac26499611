<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="fr" sourcelanguage="en">
<context>
    <name>UnifiedViT</name>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>One Vision Transformer looks at a medical image once and gives two answers: where (a segmentation) and what (a diagnosis with calibrated probabilities). Load a volume, choose a model, press Run.&lt;br&gt;&lt;br&gt;&lt;b&gt;Research use only. Not for clinical diagnosis.&lt;/b&gt;&lt;br&gt;&lt;br&gt;More in the &lt;a href=&quot;https://github.com/UnifiedViT/SlicerUnifiedViT&quot;&gt;documentation&lt;/a&gt;.</source>
        <translation type="unfinished">Un Vision Transformer examine une image médicale une seule fois et donne deux réponses : où (une segmentation) et quoi (un diagnostic avec des probabilités calibrées). Chargez un volume, choisissez un modèle, puis appuyez sur Lancer.&lt;br&gt;&lt;br&gt;&lt;b&gt;Réservé à la recherche. Ne pas utiliser pour le diagnostic clinique.&lt;/b&gt;&lt;br&gt;&lt;br&gt;Plus d&apos;informations dans la &lt;a href=&quot;https://github.com/UnifiedViT/SlicerUnifiedViT&quot;&gt;documentation&lt;/a&gt;.</translation>
    </message>
    <message>
        <source>The architecture follows Kassar, An Analytical Study of Vision Transformer Models for Medical Image Classification and Segmentation. The bundled model was trained on BRISC 2025 (Fateh et al.), the figshare set of Cheng, and TCGA-LGG with the masks of Buda et al.; its weights are under CC BY-NC-SA 4.0.</source>
        <translation type="unfinished">L&apos;architecture suit Kassar, An Analytical Study of Vision Transformer Models for Medical Image Classification and Segmentation. Le modèle fourni a été entraîné sur BRISC 2025 (Fateh et al.), le jeu figshare de Cheng et TCGA-LGG avec les masques de Buda et al. ; ses poids sont sous licence CC BY-NC-SA 4.0.</translation>
    </message>
    <message>
        <source>Research use only. Not for clinical diagnosis.</source>
        <translation type="unfinished">Réservé à la recherche. Ne pas utiliser pour le diagnostic clinique.</translation>
    </message>
    <message>
        <source>What runs the networks. OpenVINO needs no PyTorch; PyTorch uses the graphics card and runs every model.</source>
        <translation type="unfinished">Ce qui exécute les réseaux. OpenVINO n&apos;a pas besoin de PyTorch ; PyTorch utilise la carte graphique et exécute tous les modèles.</translation>
    </message>
    <message>
        <source>Install what is missing...</source>
        <translation type="unfinished">Installer ce qui manque...</translation>
    </message>
    <message>
        <source>Asks once, then downloads and installs. Nothing that Slicer brings is changed.</source>
        <translation type="unfinished">Demande une fois, puis télécharge et installe. Rien de ce que Slicer fournit n&apos;est modifié.</translation>
    </message>
    <message>
        <source>From a folder...</source>
        <translation type="unfinished">Depuis un dossier...</translation>
    </message>
    <message>
        <source>Installs from a folder of wheels (.whl), without a network.</source>
        <translation type="unfinished">Installe depuis un dossier de wheels (.whl), sans réseau.</translation>
    </message>
    <message>
        <source>Check again</source>
        <translation type="unfinished">Vérifier à nouveau</translation>
    </message>
    <message>
        <source>Inputs</source>
        <translation type="unfinished">Entrées</translation>
    </message>
    <message>
        <source>Volume:</source>
        <translation type="unfinished">Volume :</translation>
    </message>
    <message>
        <source>The image to look at. Of a sequence: the item that the sequence browser shows.</source>
        <translation type="unfinished">L&apos;image à examiner. Pour une séquence : l&apos;élément qu&apos;affiche le navigateur de séquences.</translation>
    </message>
    <message>
        <source>Select a volume</source>
        <translation type="unfinished">Choisir un volume</translation>
    </message>
    <message>
        <source>Model:</source>
        <translation type="unfinished">Modèle :</translation>
    </message>
    <message>
        <source>Segmentation:</source>
        <translation type="unfinished">Segmentation :</translation>
    </message>
    <message>
        <source>Create a new segmentation on Run</source>
        <translation type="unfinished">Créer une segmentation au lancement</translation>
    </message>
    <message>
        <source>Region of interest</source>
        <translation type="unfinished">Région d&apos;intérêt</translation>
    </message>
    <message>
        <source>Look at:</source>
        <translation type="unfinished">Examiner :</translation>
    </message>
    <message>
        <source>A Markups ROI, or a segmentation with a segment, of which a box is taken. Only slices that the box touches are looked at, as wholes; what is drawn outside of it is left out.</source>
        <translation type="unfinished">Une ROI Markups, ou une segmentation avec un segment, dont on prend la boîte englobante. Seules les coupes que la boîte touche sont examinées, en entier ; ce qui est dessiné en dehors est écarté.</translation>
    </message>
    <message>
        <source>all of the volume</source>
        <translation type="unfinished">tout le volume</translation>
    </message>
    <message>
        <source>Around:</source>
        <translation type="unfinished">Autour de :</translation>
    </message>
    <message>
        <source>Margin:</source>
        <translation type="unfinished">Marge :</translation>
    </message>
    <message>
        <source>Kept free on each side of the segment.</source>
        <translation type="unfinished">Laissée de chaque côté du segment.</translation>
    </message>
    <message>
        <source> mm</source>
        <translation type="unfinished"> mm</translation>
    </message>
    <message>
        <source>Advanced</source>
        <translation type="unfinished">Avancé</translation>
    </message>
    <message>
        <source>Slices:</source>
        <translation type="unfinished">Coupes :</translation>
    </message>
    <message>
        <source>The plane in which the model looks at the volume, slice by slice.</source>
        <translation type="unfinished">Le plan dans lequel le modèle examine le volume, coupe par coupe.</translation>
    </message>
    <message>
        <source>Device:</source>
        <translation type="unfinished">Matériel :</translation>
    </message>
    <message>
        <source>Where the network computes.</source>
        <translation type="unfinished">Où le réseau calcule.</translation>
    </message>
    <message>
        <source>Slices at a time:</source>
        <translation type="unfinished">Coupes à la fois :</translation>
    </message>
    <message>
        <source>More is quicker on a graphics card and needs more memory; halved by itself when memory runs out.</source>
        <translation type="unfinished">Davantage est plus rapide sur une carte graphique et demande plus de mémoire ; réduit de moitié automatiquement quand la mémoire manque.</translation>
    </message>
    <message>
        <source>Test-time augmentation</source>
        <translation type="unfinished">Augmentation au moment du test</translation>
    </message>
    <message>
        <source>The mean over slices and their mirror images; takes twice as long.</source>
        <translation type="unfinished">La moyenne des coupes et de leurs images en miroir ; prend deux fois plus de temps.</translation>
    </message>
    <message>
        <source>Keep probability maps as volumes</source>
        <translation type="unfinished">Garder les cartes de probabilité</translation>
    </message>
    <message>
        <source>Heat map:</source>
        <translation type="unfinished">Carte de chaleur :</translation>
    </message>
    <message>
        <source>What speaks for a diagnosis, and where, as a volume in colours over the image; takes three times as long.</source>
        <translation type="unfinished">Ce qui plaide pour un diagnostic, et où, sous forme de volume en couleurs sur l&apos;image ; prend trois fois plus de temps.</translation>
    </message>
    <message>
        <source>Super-resolved:</source>
        <translation type="unfinished">Super-résolution :</translation>
    </message>
    <message>
        <source>The regions that the network attends to, four times as fine in plane, as a new volume beside the input, which stays as it is. What is synthetic in it is guessed, not measured.</source>
        <translation type="unfinished">Les régions auxquelles le réseau prête attention, quatre fois plus fines dans le plan, dans un nouveau volume à côté de l&apos;entrée, qui reste inchangée. Ce qui y est synthétique est estimé, non mesuré.</translation>
    </message>
    <message>
        <source>Uncertainty map and confidence</source>
        <translation type="unfinished">Carte d&apos;incertitude et confiance</translation>
    </message>
    <message>
        <source>Several forward passes over every slice, changed a little: how far they agree says how far to trust the result. Takes four times as long.</source>
        <translation type="unfinished">Plusieurs passages sur chaque coupe, légèrement modifiée : leur accord indique jusqu&apos;où se fier au résultat. Prend quatre fois plus de temps.</translation>
    </message>
    <message>
        <source>Install PyTorch...</source>
        <translation type="unfinished">Installer PyTorch...</translation>
    </message>
    <message>
        <source>PyTorch uses the graphics card, runs every model, and makes heat maps and super-resolved volumes.</source>
        <translation type="unfinished">PyTorch utilise la carte graphique, exécute tous les modèles et produit les cartes de chaleur et les volumes en super-résolution.</translation>
    </message>
    <message>
        <source>Models</source>
        <translation type="unfinished">Modèles</translation>
    </message>
    <message>
        <source>Model</source>
        <translation type="unfinished">Modèle</translation>
    </message>
    <message>
        <source>What to look for. More models: section Models below. Several at once: Advanced.</source>
        <translation type="unfinished">Ce qui est recherché. Autres modèles : section Modèles ci-dessous. Plusieurs à la fois : Avancé.</translation>
    </message>
    <message>
        <source>Which?</source>
        <translation type="unfinished">Lequel ?</translation>
    </message>
    <message>
        <source>Which model? Each installed one looks at a dozen slices, and says whether it knows such images. None is chosen.</source>
        <translation type="unfinished">Quel modèle ? Chaque modèle installé regarde une douzaine de coupes et dit s’il connaît de telles images. Aucun n’est choisi.</translation>
    </message>
    <message>
        <source>Double-click a model to choose it.</source>
        <translation type="unfinished">Double-cliquez sur un modèle pour le choisir.</translation>
    </message>
    <message>
        <source>Judged</source>
        <translation type="unfinished">Jugement</translation>
    </message>
    <message>
        <source>Unlike</source>
        <translation type="unfinished">Différent</translation>
    </message>
    <message>
        <source>Slices further from the model&apos;s training images than 99% of the images kept for validation</source>
        <translation type="unfinished">Coupes plus éloignées des images d’entraînement du modèle que 99% des images gardées pour la validation</translation>
    </message>
    <message>
        <source>Also run:</source>
        <translation type="unfinished">Aussi :</translation>
    </message>
    <message>
        <source>Models that look at the volume besides the chosen one. Each adds a segmentation and a table of its own, &quot;NAME - MODEL&quot;; none is replaced.</source>
        <translation type="unfinished">Modèles qui regardent le volume en plus de celui qui est choisi. Chacun ajoute sa propre segmentation et son tableau, « NOM - MODÈLE » ; rien n’est remplacé.</translation>
    </message>
    <message>
        <source>State</source>
        <translation type="unfinished">État</translation>
    </message>
    <message>
        <source>Version:</source>
        <translation type="unfinished">Version :</translation>
    </message>
    <message>
        <source>Versions of the selected model that can be downloaded. One that is older than the installed one takes its place, until you update.</source>
        <translation type="unfinished">Versions du modèle choisi qui peuvent être téléchargées. Une version plus ancienne que celle installée la remplace, jusqu&apos;à la mise à jour.</translation>
    </message>
    <message>
        <source>Download...</source>
        <translation type="unfinished">Télécharger...</translation>
    </message>
    <message>
        <source>Import folder...</source>
        <translation type="unfinished">Importer un dossier...</translation>
    </message>
    <message>
        <source>A model&apos;s folder (model.json and weights), for example from unifiedvit-train export.</source>
        <translation type="unfinished">Le dossier d&apos;un modèle (model.json et poids), issu par exemple de unifiedvit-train export.</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation type="unfinished">Supprimer</translation>
    </message>
    <message>
        <source>Repositories:</source>
        <translation type="unfinished">Dépôts :</translation>
    </message>
    <message>
        <source>Where models can be downloaded from. Nothing is asked without a click.</source>
        <translation type="unfinished">D&apos;où les modèles peuvent être téléchargés. Rien n&apos;est demandé sans un clic.</translation>
    </message>
    <message>
        <source>Look for updates</source>
        <translation type="unfinished">Chercher du nouveau</translation>
    </message>
    <message>
        <source>Asks all repositories which models and versions they have now.</source>
        <translation type="unfinished">Demande à tous les dépôts quels modèles et versions ils ont maintenant.</translation>
    </message>
    <message>
        <source>Forget</source>
        <translation type="unfinished">Oublier</translation>
    </message>
    <message>
        <source>Takes the selected repository off the list. Models that came from it stay.</source>
        <translation type="unfinished">Retire de la liste le dépôt choisi. Les modèles qui en viennent restent.</translation>
    </message>
    <message>
        <source>https://... or a folder</source>
        <translation type="unfinished">https://... ou un dossier</translation>
    </message>
    <message>
        <source>Address of a model repository, as its publisher says it.</source>
        <translation type="unfinished">Adresse d&apos;un dépôt de modèles, telle que son éditeur l&apos;indique.</translation>
    </message>
    <message>
        <source>Key (optional)</source>
        <translation type="unfinished">Clé (facultatif)</translation>
    </message>
    <message>
        <source>Public key of the publisher. With it, nothing is taken that the publisher has not signed.</source>
        <translation type="unfinished">Clé publique de l&apos;éditeur. Avec elle, rien n&apos;est accepté que l&apos;éditeur n&apos;ait signé.</translation>
    </message>
    <message>
        <source>Add repository</source>
        <translation type="unfinished">Ajouter le dépôt</translation>
    </message>
    <message>
        <source>Keep models elsewhere...</source>
        <translation type="unfinished">Garder les modèles ailleurs...</translation>
    </message>
    <message>
        <source>Clear cache...</source>
        <translation type="unfinished">Vider le cache...</translation>
    </message>
    <message>
        <source>Removes all downloaded and imported models, and the networks that were compiled for this computer.</source>
        <translation type="unfinished">Supprime tous les modèles téléchargés et importés, ainsi que les réseaux compilés pour cet ordinateur.</translation>
    </message>
    <message>
        <source>Run</source>
        <translation type="unfinished">Lancer</translation>
    </message>
    <message>
        <source>Result</source>
        <translation type="unfinished">Résultat</translation>
    </message>
    <message>
        <source>Heat map</source>
        <translation type="unfinished">Carte de chaleur</translation>
    </message>
    <message>
        <source>Uncertainty</source>
        <translation type="unfinished">Incertitude</translation>
    </message>
    <message>
        <source>Where the outline is uncertain: entropy over all passes, from clear (sure) over blue and green to yellow</source>
        <translation type="unfinished">Où le contour est incertain : entropie sur tous les passages, de transparent (sûr) au jaune en passant par le bleu et le vert</translation>
    </message>
    <message>
        <source>Opacity of the map over the slices</source>
        <translation type="unfinished">Opacité de la carte sur les coupes</translation>
    </message>
    <message>
        <source>Show 3D</source>
        <translation type="unfinished">Vue 3D</translation>
    </message>
    <message>
        <source>Jump to lesion</source>
        <translation type="unfinished">Aller à la lésion</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation type="unfinished">Annuler</translation>
    </message>
    <message>
        <source>Takes this result out of the scene and brings back what it replaced.</source>
        <translation type="unfinished">Retire ce résultat de la scène et rétablit ce qu&apos;il avait remplacé.</translation>
    </message>
    <message>
        <source>Save report...</source>
        <translation type="unfinished">Rapport...</translation>
    </message>
    <message>
        <source>Copy as text</source>
        <translation type="unfinished">Copier le texte</translation>
    </message>
    <message>
        <source>Save as DICOM...</source>
        <translation type="unfinished">Exporter DICOM...</translation>
    </message>
    <message>
        <source>What runs the networks</source>
        <translation type="unfinished">Ce qui exécute les réseaux</translation>
    </message>
    <message>
        <source>Where the result goes. A result of the same volume is replaced (Undo brings it back). Results of other volumes stay, as does what somebody has drawn or written: then a new one is made.</source>
        <translation type="unfinished">Où va le résultat. Un résultat du même volume est remplacé (Annuler le rétablit). Les résultats d&apos;autres volumes restent, tout comme ce que quelqu&apos;un a dessiné ou écrit : une nouvelle segmentation est alors créée.</translation>
    </message>
    <message>
        <source>Computer:</source>
        <translation type="unfinished">Ordinateur :</translation>
    </message>
    <message>
        <source>This computer, or one of your group on which unifiedvit serve runs. Batch, Sequence and Which? always compute here.</source>
        <translation type="unfinished">Cet ordinateur, ou l&apos;un de ceux de votre groupe où tourne unifiedvit serve. Lot, Séquence et Lequel ? calculent toujours ici.</translation>
    </message>
    <message>
        <source>Address:</source>
        <translation type="unfinished">Adresse :</translation>
    </message>
    <message>
        <source>Of the server, as its administrator says it.</source>
        <translation type="unfinished">Du serveur, telle que la donne son administrateur.</translation>
    </message>
    <message>
        <source>Key:</source>
        <translation type="unfinished">Clé :</translation>
    </message>
    <message>
        <source>Your key for the server. It is kept in the application&apos;s settings, readable for whoever can read your files, and never in a scene.</source>
        <translation type="unfinished">Votre clé pour le serveur. Elle est conservée dans les réglages de l&apos;application, lisible par quiconque peut lire vos fichiers, et jamais dans une scène.</translation>
    </message>
    <message>
        <source>Test connection</source>
        <translation type="unfinished">Tester la connexion</translation>
    </message>
    <message>
        <source>Asks the server which models it has. No image is sent.</source>
        <translation type="unfinished">Demande au serveur quels modèles il a. Aucune image n&apos;est envoyée.</translation>
    </message>
    <message>
        <source>Run sends the volume&apos;s voxels and geometry there, without names.</source>
        <translation type="unfinished">Lancer y envoie les voxels et la géométrie du volume, sans noms.</translation>
    </message>
    <message>
        <source>Import file...</source>
        <translation type="unfinished">Importer un fichier...</translation>
    </message>
    <message>
        <source>A model&apos;s .zip, or the model.json in its folder; it is checked first.</source>
        <translation type="unfinished">Le .zip d&apos;un modèle, ou le model.json de son dossier ; il est vérifié d&apos;abord.</translation>
    </message>
    <message>
        <source>Address of a model repository</source>
        <translation type="unfinished">Adresse d&apos;un dépôt de modèles</translation>
    </message>
    <message>
        <source>Patient</source>
        <translation type="unfinished">Patient</translation>
    </message>
    <message>
        <source>One diagnosis of several images of a patient, and what else is known: check the results that are of this patient.</source>
        <translation type="unfinished">Un diagnostic à partir de plusieurs images d&apos;un patient et de ce que l&apos;on sait d&apos;autre : cochez les résultats qui concernent ce patient.</translation>
    </message>
    <message>
        <source>Results of the patient</source>
        <translation type="unfinished">Résultats du patient</translation>
    </message>
    <message>
        <source>Results of the chosen model in this scene. Those of other patients than that of the chosen volume are left out, where the DICOM module knows them.</source>
        <translation type="unfinished">Résultats du modèle choisi dans cette scène. Ceux d&apos;autres patients que celui du volume choisi sont omis, si le module DICOM les connaît.</translation>
    </message>
    <message>
        <source>Diagnose patient</source>
        <translation type="unfinished">Diagnostiquer le patient</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation type="unfinished">Comparer</translation>
    </message>
    <message>
        <source>A:</source>
        <translation type="unfinished">A :</translation>
    </message>
    <message>
        <source>Before, or the reference: a result, or an expert&apos;s segmentation.</source>
        <translation type="unfinished">Avant, ou la référence : un résultat, ou la segmentation d&apos;un expert.</translation>
    </message>
    <message>
        <source>Before, or the reference</source>
        <translation type="unfinished">Avant, ou la référence</translation>
    </message>
    <message>
        <source>B:</source>
        <translation type="unfinished">B :</translation>
    </message>
    <message>
        <source>After, or what is held against A: another date, another model.</source>
        <translation type="unfinished">Après, ou ce qui est comparé à A : une autre date, un autre modèle.</translation>
    </message>
    <message>
        <source>After, or another model</source>
        <translation type="unfinished">Après, ou un autre modèle</translation>
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
        <translation type="unfinished">Montrer la différence</translation>
    </message>
    <message>
        <source>Adds a segmentation of what is drawn in A alone, in both, and in B alone.</source>
        <translation type="unfinished">Ajoute une segmentation de ce qui est dessiné dans A seul, dans les deux, et dans B seul.</translation>
    </message>
    <message>
        <source>Takes the table and the difference of this comparison out of the scene.</source>
        <translation type="unfinished">Retire de la scène le tableau et la différence de cette comparaison.</translation>
    </message>
    <message>
        <source>Sequence</source>
        <translation type="unfinished">Séquence</translation>
    </message>
    <message>
        <source>Every item of a sequence of volumes, with the model, the device, the plane and mirrored slices as chosen above. Segmentations that play with the volumes, a table over time and a plot are added to the scene.</source>
        <translation type="unfinished">Chaque élément d’une séquence de volumes, avec le modèle, l’appareil, le plan et les coupes en miroir choisis plus haut. Des segmentations qui défilent avec les volumes, un tableau dans le temps et un graphique sont ajoutés à la scène.</translation>
    </message>
    <message>
        <source>Sequence:</source>
        <translation type="unfinished">Séquence :</translation>
    </message>
    <message>
        <source>A sequence of volumes over time, as the module Sequences has it.</source>
        <translation type="unfinished">Une séquence de volumes dans le temps, telle que l’a le module Sequences.</translation>
    </message>
    <message>
        <source>Select a sequence</source>
        <translation type="unfinished">Choisir une séquence</translation>
    </message>
    <message>
        <source>Run sequence</source>
        <translation type="unfinished">Lancer la séquence</translation>
    </message>
    <message>
        <source>Double-click an item, or press Enter on it, to show it.</source>
        <translation type="unfinished">Double-cliquez sur un élément, ou appuyez sur Entrée, pour l’afficher.</translation>
    </message>
    <message>
        <source>Item</source>
        <translation type="unfinished">Élément</translation>
    </message>
    <message>
        <source>Show plot</source>
        <translation type="unfinished">Afficher le graphique</translation>
    </message>
    <message>
        <source>Shows the mL of each segment over the sequence.</source>
        <translation type="unfinished">Montre les mL de chaque segment au fil de la séquence.</translation>
    </message>
    <message>
        <source>Takes the segmentations, the table and the plot of the last run out of the scene.</source>
        <translation type="unfinished">Retire de la scène les segmentations, le tableau et le graphique de la dernière exécution.</translation>
    </message>
    <message>
        <source>Batch</source>
        <translation type="unfinished">Lot</translation>
    </message>
    <message>
        <source>Images:</source>
        <translation type="unfinished">Images :</translation>
    </message>
    <message>
        <source>A folder of NRRD, NIfTI, MetaImage, DICOM, PNG or JPEG files, or of folders with a DICOM series each.</source>
        <translation type="unfinished">Un dossier de fichiers NRRD, NIfTI, MetaImage, DICOM, PNG ou JPEG, ou de dossiers contenant chacun une série DICOM.</translation>
    </message>
    <message>
        <source>Choose a folder</source>
        <translation type="unfinished">Choisir un dossier</translation>
    </message>
    <message>
        <source>Results:</source>
        <translation type="unfinished">Résultats :</translation>
    </message>
    <message>
        <source>Takes the segmentation, the JSON and the report of each image, and results.csv over all. Results that are there already, and still fit, are not computed again.</source>
        <translation type="unfinished">Reçoit la segmentation, le JSON et le rapport de chaque image, et results.csv pour l&apos;ensemble. Les résultats déjà présents et encore valables ne sont pas recalculés.</translation>
    </message>
    <message>
        <source>Pattern:</source>
        <translation type="unfinished">Motif :</translation>
    </message>
    <message>
        <source>all images</source>
        <translation type="unfinished">toutes les images</translation>
    </message>
    <message>
        <source>Which file names count, for example *_t1ce.nii.gz; of a DICOM series, the name of its folder.</source>
        <translation type="unfinished">Quels noms de fichiers comptent, par exemple *_t1ce.nii.gz ; pour une série DICOM, le nom de son dossier.</translation>
    </message>
    <message>
        <source>With subfolders</source>
        <translation type="unfinished">Avec les sous-dossiers</translation>
    </message>
    <message>
        <source>Run batch</source>
        <translation type="unfinished">Lancer le lot</translation>
    </message>
    <message>
        <source>Image</source>
        <translation type="unfinished">Image</translation>
    </message>
    <message>
        <source>Status</source>
        <translation type="unfinished">État</translation>
    </message>
    <message>
        <source>Diagnosis</source>
        <translation type="unfinished">Diagnostic</translation>
    </message>
    <message>
        <source>Every image of a folder, with the models, the device and the Advanced options chosen above (no region, no probability maps). The scene stays as it is; double-click a finished image, or press Enter on it, to load it with its result.</source>
        <translation type="unfinished">Chaque image d’un dossier, avec les modèles, l’appareil et les options avancées choisis plus haut (sans région ni cartes de probabilité). La scène reste telle quelle ; double-cliquez sur une image terminée, ou appuyez sur Entrée, pour la charger avec son résultat.</translation>
    </message>
    <message>
        <source>Probability of the diagnosis</source>
        <translation type="unfinished">Probabilité du diagnostic</translation>
    </message>
    <message>
        <source>Volume of all that is drawn</source>
        <translation type="unfinished">Volume de tout ce qui est dessiné</translation>
    </message>
    <message>
        <source>Number of warnings</source>
        <translation type="unfinished">Nombre d&apos;avertissements</translation>
    </message>
    <message>
        <source>List results</source>
        <translation type="unfinished">Lister les résultats</translation>
    </message>
    <message>
        <source>Lists what lies in the results folder, whoever computed it, results of a region too. Nothing is computed.</source>
        <translation type="unfinished">Liste ce que contient le dossier des résultats, quel qu’en soit l’auteur, y compris les résultats d’une région. Rien n’est calculé.</translation>
    </message>
    <message>
        <source>Open results folder</source>
        <translation type="unfinished">Ouvrir le dossier des résultats</translation>
    </message>
    <message>
        <source>There, results.csv lists all results of the folder.</source>
        <translation type="unfinished">results.csv y liste tous les résultats du dossier.</translation>
    </message>
    <message>
        <source>Teach</source>
        <translation type="unfinished">Enseigner</translation>
    </message>
    <message>
        <source>Diagnosis:</source>
        <translation type="unfinished">Diagnostic :</translation>
    </message>
    <message>
        <source>What it is: as the model says, another of its classes, or not known. Several findings at once: from the Python console.</source>
        <translation type="unfinished">Ce que c&apos;est : comme le dit le modèle, une autre de ses classes, ou inconnu. Plusieurs anomalies à la fois : depuis la console Python.</translation>
    </message>
    <message>
        <source>Reviewer:</source>
        <translation type="unfinished">Relecteur :</translation>
    </message>
    <message>
        <source>Who corrected it: a name, initials or a number of your choice. It is written into the dataset.</source>
        <translation type="unfinished">Qui a corrigé : un nom, des initiales ou un numéro de votre choix. Ce texte est écrit dans le jeu de données.</translation>
    </message>
    <message>
        <source>Patient:</source>
        <translation type="unfinished">Patient :</translation>
    </message>
    <message>
        <source>Any text that tells patients apart; only a pseudonym is kept. Left empty: the DICOM PatientID, else the folder of the volume&apos;s file.</source>
        <translation type="unfinished">Tout texte qui distingue les patients ; seul un pseudonyme est conservé. Laissé vide : le PatientID DICOM, sinon le dossier du fichier du volume.</translation>
    </message>
    <message>
        <source>By DICOM, or by folder</source>
        <translation type="unfinished">Par DICOM, ou par dossier</translation>
    </message>
    <message>
        <source>Dataset:</source>
        <translation type="unfinished">Données :</translation>
    </message>
    <message>
        <source>Folder of the dataset on this computer; made if it is not there.</source>
        <translation type="unfinished">Dossier du jeu de données sur cet ordinateur ; créé s&apos;il n&apos;existe pas.</translation>
    </message>
    <message>
        <source>Choose...</source>
        <translation type="unfinished">Choisir...</translation>
    </message>
    <message>
        <source>Add to my dataset</source>
        <translation type="unfinished">Ajouter au jeu</translation>
    </message>
    <message>
        <source>Takes the case that was added last out of the dataset.</source>
        <translation type="unfinished">Retire du jeu de données le dernier cas ajouté.</translation>
    </message>
    <message>
        <source>Reference:</source>
        <translation type="unfinished">Référence :</translation>
    </message>
    <message>
        <source>Folder of cases that the model was made for, with images/, masks/ and labels.csv: on these the new model may not be worse. May be left empty.</source>
        <translation type="unfinished">Dossier de cas pour lesquels le modèle est fait, avec images/, masks/ et labels.csv : le nouveau modèle ne doit pas y être moins bon. Peut rester vide.</translation>
    </message>
    <message>
        <source>None</source>
        <translation type="unfinished">Aucune</translation>
    </message>
    <message>
        <source>Choose the folder of the reference</source>
        <translation type="unfinished">Choisir le dossier de la référence</translation>
    </message>
    <message>
        <source>Adapt the model</source>
        <translation type="unfinished">Adapter le modèle</translation>
    </message>
    <message>
        <source>Log</source>
        <translation type="unfinished">Journal</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.adapting</name>
    <message>
        <source>Folder of the reference</source>
        <translation type="unfinished">Dossier de la référence</translation>
    </message>
    <message>
        <source>Starting...</source>
        <translation type="unfinished">Démarrage...</translation>
    </message>
    <message>
        <source>Cancelled. What was learnt is kept: Adapt the model goes on from there.</source>
        <translation type="unfinished">Annulé. Ce qui a été appris est conservé : « Adapter le modèle » reprend à cet endroit.</translation>
    </message>
    <message>
        <source>Cancelled.</source>
        <translation type="unfinished">Annulé.</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Interruption...</translation>
    </message>
    <message>
        <source>The chosen model learns from the dataset. The new one is installed only if it is better on patients kept apart.</source>
        <translation type="unfinished">Le modèle choisi apprend du jeu de données. Le nouveau n&apos;est installé que s&apos;il est meilleur sur des patients mis à part.</translation>
    </message>
    <message>
        <source>A model and the folder of a dataset are needed first.</source>
        <translation type="unfinished">Il faut d&apos;abord un modèle et le dossier d&apos;un jeu de données.</translation>
    </message>
    <message>
        <source>Not adapted: the licence of the weights was not agreed to.</source>
        <translation type="unfinished">Non adapté : la licence des poids n&apos;a pas été acceptée.</translation>
    </message>
    <message>
        <source>Whether it still does as well elsewhere was not checked: give a reference for that.</source>
        <translation type="unfinished">Il n&apos;a pas été vérifié s&apos;il reste aussi bon ailleurs : donnez pour cela une référence.</translation>
    </message>
    <message>
        <source>Cancel adapting</source>
        <translation type="unfinished">Annuler l&apos;adaptation</translation>
    </message>
    <message>
        <source>Adapt the model</source>
        <translation type="unfinished">Adapter le modèle</translation>
    </message>
    <message>
        <source>Slicer is installing packages for another module. Wait until that has ended, then try again.</source>
        <translation type="unfinished">Slicer installe des paquets pour un autre module. Attendez la fin, puis réessayez.</translation>
    </message>
    <message>
        <source>{stage} (about {left} left)</source>
        <translation type="unfinished">{stage} (encore {left} environ)</translation>
    </message>
    <message>
        <source>{error} What was learnt is kept: Adapt the model goes on from there.</source>
        <translation type="unfinished">{error} Ce qui a été appris est conservé : « Adapter le modèle » reprend à cet endroit.</translation>
    </message>
    <message>
        <source>To adapt a model, PyTorch is needed: {problems} Install it by the box at the top of the panel, then adapt again.</source>
        <translation type="unfinished">Pour adapter un modèle, il faut PyTorch : {problems} Installez-le par l&apos;encadré en haut du panneau, puis adaptez à nouveau.</translation>
    </message>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>{name} ({model} {version}) is in the list of models now. Choose it there to use it.</source>
        <translation type="unfinished">{name} ({model} {version}) figure maintenant dans la liste des modèles. Choisissez-le là pour l&apos;utiliser.</translation>
    </message>
    <message>
        <source>Nothing was installed, so that the model cannot be adapted: {problems}</source>
        <translation type="unfinished">Rien n&apos;a été installé, de sorte que le modèle ne peut pas être adapté : {problems}</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.batch</name>
    <message>
        <source>Choose a folder</source>
        <translation type="unfinished">Choisir un dossier</translation>
    </message>
    <message>
        <source>Starting...</source>
        <translation type="unfinished">Démarrage...</translation>
    </message>
    <message>
        <source>{number} of {count}, {left} left</source>
        <translation type="unfinished">{number} sur {count}, encore {left}</translation>
    </message>
    <message>
        <source>{number} of {count}</source>
        <translation type="unfinished">{number} sur {count}</translation>
    </message>
    <message>
        <source>There is no image of this pattern in the folder.</source>
        <translation type="unfinished">Le dossier ne contient aucune image de ce motif.</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Interruption...</translation>
    </message>
    <message>
        <source>Choose the folder with the images, and one for the results.</source>
        <translation type="unfinished">Choisissez le dossier des images et un dossier pour les résultats.</translation>
    </message>
    <message>
        <source>Not run: a model that is also to run is not installed. Uncheck it under Advanced, or see section Models.</source>
        <translation type="unfinished">Non lancé : un modèle qui doit aussi tourner n’est pas installé. Décochez-le dans les options avancées, ou voyez la section Modèles.</translation>
    </message>
    <message>
        <source>Not run: the licence of the weights was not agreed to.</source>
        <translation type="unfinished">Non lancé : la licence des poids n&apos;a pas été acceptée.</translation>
    </message>
    <message>
        <source>Choose the folder with the results.</source>
        <translation type="unfinished">Choisissez le dossier des résultats.</translation>
    </message>
    <message>
        <source>{parts}. {table} in the results folder lists all.</source>
        <translation type="unfinished">{parts}. {table} dans le dossier des résultats les liste tous.</translation>
    </message>
    <message>
        <source>Cancel batch</source>
        <translation type="unfinished">Interrompre le lot</translation>
    </message>
    <message>
        <source>Run batch on the server</source>
        <translation type="unfinished">Lancer le lot sur le serveur</translation>
    </message>
    <message>
        <source>Run batch</source>
        <translation type="unfinished">Lancer le lot</translation>
    </message>
    <message>
        <source>Results in the folder: {count}.</source>
        <translation type="unfinished">Résultats dans le dossier : {count}.</translation>
    </message>
    <message>
        <source>Cancelled. What is done is kept: Run batch goes on from there.</source>
        <translation type="unfinished">Interrompu. Ce qui est fait est gardé : Lancer le lot reprend à partir de là.</translation>
    </message>
    <message>
        <source>{done} done</source>
        <translation type="unfinished">{done} terminés</translation>
    </message>
    <message>
        <source> ({before} of them before)</source>
        <translation type="unfinished"> (dont {before} auparavant)</translation>
    </message>
    <message>
        <source>{failed} failed</source>
        <translation type="unfinished">{failed} en échec</translation>
    </message>
    <message>
        <source>{review} uncertain, to be reviewed</source>
        <translation type="unfinished">{review} incertains, à vérifier</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.batchtable</name>
    <message>
        <source>failed</source>
        <translation type="unfinished">échec</translation>
    </message>
    <message>
        <source>changed</source>
        <translation type="unfinished">modifié</translation>
    </message>
    <message>
        <source>incomplete</source>
        <translation type="unfinished">incomplet</translation>
    </message>
    <message>
        <source>done (before)</source>
        <translation type="unfinished">terminé (avant)</translation>
    </message>
    <message>
        <source>done</source>
        <translation type="unfinished">terminé</translation>
    </message>
    <message>
        <source>uncertain (before)</source>
        <translation type="unfinished">incertain (avant)</translation>
    </message>
    <message>
        <source>uncertain</source>
        <translation type="unfinished">incertain</translation>
    </message>
    <message>
        <source>Confidence {confidence}: to be reviewed</source>
        <translation type="unfinished">Confiance {confidence} : à vérifier</translation>
    </message>
    <message>
        <source>{status}, region only</source>
        <translation type="unfinished">{status}, région seule</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.cases</name>
    <message>
        <source>A case is being loaded. Wait a moment.</source>
        <translation type="unfinished">Un cas est en cours de chargement. Patientez un instant.</translation>
    </message>
    <message>
        <source>{name} is loaded with its result, as after a run; Undo takes both away.</source>
        <translation type="unfinished">{name} est chargé avec son résultat, comme après un examen ; Annuler retire les deux.</translation>
    </message>
    <message>
        <source>{name} is of {model}, which is not installed in this version: see section Models.</source>
        <translation type="unfinished">{name} vient de {model}, qui n’est pas installé dans cette version : voir la section Modèles.</translation>
    </message>
    <message>
        <source>{name} is in the scene already.</source>
        <translation type="unfinished">{name} est déjà dans la scène.</translation>
    </message>
    <message>
        <source>Loading {name}...</source>
        <translation type="unfinished">Chargement de {name}...</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.channels</name>
    <message>
        <source>Missing</source>
        <translation type="unfinished">Manquant</translation>
    </message>
    <message>
        <source>Volume:</source>
        <translation type="unfinished">Volume :</translation>
    </message>
    <message>
        <source>{name} lies under a transform that flattens space, or is no number: nothing can be measured there. Take it out of the transform (module Transforms), then try again.</source>
        <translation type="unfinished">{name} se trouve sous une transformation qui aplatit l&apos;espace ou qui ne contient pas de nombres : rien ne peut y être mesuré. Retirez-le de la transformation (module Transforms), puis réessayez.</translation>
    </message>
    <message>
        <source>Volume ({channel}):</source>
        <translation type="unfinished">Volume ({channel}) :</translation>
    </message>
    <message>
        <source>{one} and {other} lie under different transforms that are not linear. Harden them (module Transforms), then run again.</source>
        <translation type="unfinished">{one} et {other} sont sous des transformations différentes qui ne sont pas linéaires. Appliquez-les définitivement (Harden, module Transforms), puis relancez.</translation>
    </message>
    <message>
        <source>{one} is of another patient than {other}, as their DICOM patient IDs say. Choose sequences of one patient.</source>
        <translation type="unfinished">{one} provient d’un autre patient que {other}, d’après leurs identifiants de patient DICOM. Choisissez des séquences d’un seul patient.</translation>
    </message>
    <message>
        <source>{what}. Left empty, it is missing, and the model does without.</source>
        <translation type="unfinished">{what}. Laissé vide, il manque, et le modèle s&apos;en passe.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.charts</name>
    <message>
        <source>slice</source>
        <translation type="unfinished">coupe</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.choices</name>
    <message>
        <source>as acquired (across the largest spacing)</source>
        <translation type="unfinished">comme acquis (perpendiculaire au plus grand espacement)</translation>
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
        <translation type="unfinished">sagittal</translation>
    </message>
    <message>
        <source>none</source>
        <translation type="unfinished">aucune</translation>
    </message>
    <message>
        <source>what is attended to, by the learned upscaler (synthetic)</source>
        <translation type="unfinished">ce à quoi le réseau prête attention, par l&apos;agrandisseur appris (synthétique)</translation>
    </message>
    <message>
        <source>what is attended to, by Lanczos interpolation</source>
        <translation type="unfinished">ce à quoi le réseau prête attention, par interpolation de Lanczos</translation>
    </message>
    <message>
        <source>kind of lesion right</source>
        <translation type="unfinished">type de lésion correct</translation>
    </message>
    <message>
        <source>accuracy</source>
        <translation type="unfinished">exactitude</translation>
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
        <translation type="unfinished">toutes les anomalies correctes</translation>
    </message>
    <message>
        <source>Dice</source>
        <translation type="unfinished">Dice</translation>
    </message>
    <message>
        <source>diagnosis right</source>
        <translation type="unfinished">diagnostic correct</translation>
    </message>
    <message>
        <source>each finding right</source>
        <translation type="unfinished">chaque anomalie correcte</translation>
    </message>
    <message>
        <source>lesions found</source>
        <translation type="unfinished">lésions détectées</translation>
    </message>
    <message>
        <source>healthy slices left empty</source>
        <translation type="unfinished">coupes saines laissées vides</translation>
    </message>
    <message>
        <source>false pieces</source>
        <translation type="unfinished">faux fragments</translation>
    </message>
    <message>
        <source>of what speaks for the diagnosis</source>
        <translation type="unfinished">de ce qui plaide pour le diagnostic</translation>
    </message>
    <message>
        <source>auto</source>
        <translation type="unfinished">automatique</translation>
    </message>
    <message>
        <source>for {diagnosis}</source>
        <translation type="unfinished">pour {diagnosis}</translation>
    </message>
    <message>
        <source>auto: {device}</source>
        <translation type="unfinished">automatique : {device}</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.compare</name>
    <message>
        <source>The comparison was taken back.</source>
        <translation type="unfinished">La comparaison a été annulée et retirée de la scène.</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Interruption...</translation>
    </message>
    <message>
        <source>Choose two segmentations first.</source>
        <translation type="unfinished">Choisissez d&apos;abord deux segmentations.</translation>
    </message>
    <message>
        <source>{name}: {before} mL, then {after} mL ({change} mL, {percent} %)</source>
        <translation type="unfinished">{name} : {before} mL, puis {after} mL ({change} mL, {percent} %)</translation>
    </message>
    <message>
        <source>The segmentation that was compared is no longer in the scene.</source>
        <translation type="unfinished">La segmentation comparée n&apos;est plus dans la scène.</translation>
    </message>
    <message>
        <source>A: {a}; B: {b}</source>
        <translation type="unfinished">A : {a} ; B : {b}</translation>
    </message>
    <message>
        <source>Cancel comparing</source>
        <translation type="unfinished">Interrompre la comparaison</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation type="unfinished">Comparer</translation>
    </message>
    <message>
        <source>{name}: volumes are not known</source>
        <translation type="unfinished">{name} : volumes inconnus</translation>
    </message>
    <message>
        <source>{name}: {before} mL, then {after} mL ({change} mL)</source>
        <translation type="unfinished">{name} : {before} mL, puis {after} mL ({change} mL)</translation>
    </message>
    <message>
        <source>The comparison was cancelled.</source>
        <translation type="unfinished">La comparaison a été interrompue.</translation>
    </message>
    <message>
        <source>Not compared: the segmentation was removed meanwhile.</source>
        <translation type="unfinished">Non comparé : la segmentation a été supprimée entre-temps.</translation>
    </message>
    <message>
        <source>Compared. The table is in the scene.</source>
        <translation type="unfinished">Comparé. Le tableau est dans la scène.</translation>
    </message>
    <message>
        <source>{names}: changed since the comparison. These numbers are of before: compare again.</source>
        <translation type="unfinished">{names} : modifié depuis la comparaison. Ces chiffres sont ceux d&apos;avant : comparez à nouveau.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.comparednodes</name>
    <message>
        <source>Choose two segmentations to compare.</source>
        <translation type="unfinished">Choisissez deux segmentations à comparer.</translation>
    </message>
    <message>
        <source>segmentation</source>
        <translation type="unfinished">segmentation</translation>
    </message>
    <message>
        <source>{name} cannot be converted to a binary labelmap. Do so in the module Segmentations.</source>
        <translation type="unfinished">{name} ne peut pas être converti en carte d&apos;étiquettes binaire. Faites-le dans le module Segmentations.</translation>
    </message>
    <message>
        <source>{a} - {b} comparison</source>
        <translation type="unfinished">{a} - {b} comparaison</translation>
    </message>
    <message>
        <source>{a} - {b} difference</source>
        <translation type="unfinished">{a} - {b} différence</translation>
    </message>
    <message>
        <source>{name} is empty: draw a segment in it first.</source>
        <translation type="unfinished">{name} est vide : dessinez-y d&apos;abord un segment.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.computer</name>
    <message>
        <source>This computer</source>
        <translation type="unfinished">Cet ordinateur</translation>
    </message>
    <message>
        <source>A server</source>
        <translation type="unfinished">Un serveur</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Interruption...</translation>
    </message>
    <message>
        <source>A server needs an address and a key. Its administrator gives you both; or choose This computer.</source>
        <translation type="unfinished">Un serveur demande une adresse et une clé. Son administrateur vous donne les deux ; ou choisissez Cet ordinateur.</translation>
    </message>
    <message>
        <source>The server was not asked.</source>
        <translation type="unfinished">Le serveur n&apos;a pas été interrogé.</translation>
    </message>
    <message>
        <source>none</source>
        <translation type="unfinished">aucune</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">Interrompre</translation>
    </message>
    <message>
        <source>Test connection</source>
        <translation type="unfinished">Tester la connexion</translation>
    </message>
    <message>
        <source>Asking {place}</source>
        <translation type="unfinished">Interrogation de {place}</translation>
    </message>
    <message>
        <source>{host} answers, takes the key, and has the models {models}.</source>
        <translation type="unfinished">{host} répond, accepte la clé et a les modèles {models}.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.consent</name>
    <message>
        <source>The weights of {model} may be used for non-commercial purposes alone: {licence}.

Use them for such a purpose? You are asked once.</source>
        <translation type="unfinished">Les poids de {model} ne peuvent être utilisés qu&apos;à des fins non commerciales : {licence}.

Les utiliser à une telle fin ? La question n&apos;est posée qu&apos;une fois.</translation>
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
        <translation type="unfinished">Il n&apos;y a aucun résultat d&apos;UnifiedViT à ajouter. Lancez un modèle sur un volume, corrigez ce qu&apos;il a dessiné, puis ajoutez-le.</translation>
    </message>
    <message>
        <source>{name} does not know its volume: that is no longer in the scene, or {name} is a copy, or plays a sequence. Run on the volume again, and add that.</source>
        <translation type="unfinished">{name} ne connaît pas son volume : celui-ci n&apos;est plus dans la scène, ou {name} est une copie ou lit une séquence. Relancez sur le volume et ajoutez ce résultat.</translation>
    </message>
    <message>
        <source>{volume} no longer has the voxels that {name} was drawn on: it was changed, or its sequence shows another item. Show that item again, or run again, then add.</source>
        <translation type="unfinished">{volume} n&apos;a plus les voxels sur lesquels {name} a été dessiné : il a été modifié, ou sa séquence montre un autre élément. Affichez de nouveau cet élément ou relancez, puis ajoutez.</translation>
    </message>
    <message>
        <source>{name} has several results ({results}). Say which one, as segmentationNode.</source>
        <translation type="unfinished">{name} a plusieurs résultats ({results}). Indiquez lequel avec segmentationNode.</translation>
    </message>
    <message>
        <source>{name} looks at several sequences: a dataset of corrections holds images of one alone.</source>
        <translation type="unfinished">{name} regarde plusieurs séquences : un jeu de données de corrections ne contient que des images d&apos;une seule.</translation>
    </message>
    <message>
        <source>{name} lies under a transform that bends space. Take it out of the transform (module Transforms), and its segmentation too, then add again.</source>
        <translation type="unfinished">{name} se trouve sous une transformation qui déforme l&apos;espace. Retirez-le de la transformation (module Transforms), ainsi que sa segmentation, puis ajoutez de nouveau.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.dicomresults</name>
    <message>
        <source>Only results of volumes that were loaded with Slicer&apos;s DICOM module can be saved as DICOM: they refer to the original images.</source>
        <translation type="unfinished">Seuls les résultats de volumes chargés avec le module DICOM de Slicer peuvent être enregistrés en DICOM : ils se réfèrent aux images d&apos;origine.</translation>
    </message>
    <message>
        <source>DICOM objects are made of results of this session alone, and there is none: a result that was loaded with a scene lacks what they need. Run again.</source>
        <translation type="unfinished">Les objets DICOM ne se font qu&apos;à partir des résultats de cette session, et il n&apos;y en a pas : à un résultat chargé avec une scène, il manque ce qu&apos;il leur faut. Relancez.</translation>
    </message>
    <message>
        <source>{gone} of the {count} images of {name} are no longer in Slicer&apos;s DICOM database, or their files have gone. Import them again (module Add DICOM Data), then save.</source>
        <translation type="unfinished">{gone} des {count} images de {name} ne sont plus dans la base DICOM de Slicer, ou leurs fichiers ont disparu. Importez-les à nouveau (module Add DICOM Data), puis enregistrez.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.dicomview</name>
    <message>
        <source>{count} DICOM objects are written: {first} and others beside it.</source>
        <translation type="unfinished">{count} objets DICOM sont écrits : {first} et d&apos;autres à côté.</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Interruption...</translation>
    </message>
    <message>
        <source>Mask, report, maps and picture as DICOM objects that refer to the original images: the result as it was computed, without later changes to its segments.</source>
        <translation type="unfinished">Masque, rapport, cartes et image en objets DICOM qui se réfèrent aux images d&apos;origine : le résultat tel qu&apos;il a été calculé, sans les modifications ultérieures de ses segments.</translation>
    </message>
    <message>
        <source>Folder for the DICOM objects</source>
        <translation type="unfinished">Dossier pour les objets DICOM</translation>
    </message>
    <message>
        <source>Add the objects to Slicer&apos;s DICOM database, too?</source>
        <translation type="unfinished">Ajouter aussi les objets à la base DICOM de Slicer ?</translation>
    </message>
    <message>
        <source>{count} DICOM objects are written and in Slicer&apos;s DICOM database: {first} and others beside it.</source>
        <translation type="unfinished">{count} objets DICOM sont écrits et dans la base DICOM de Slicer : {first} et d&apos;autres à côté.</translation>
    </message>
    <message>
        <source>Cancel saving</source>
        <translation type="unfinished">Interrompre</translation>
    </message>
    <message>
        <source>Save as DICOM...</source>
        <translation type="unfinished">Exporter DICOM...</translation>
    </message>
    <message>
        <source>Not saved: the segments were changed since the run.</source>
        <translation type="unfinished">Non enregistré : les segments ont été modifiés depuis l&apos;exécution.</translation>
    </message>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>The segments were changed since the run. The DICOM objects say what the model drew, without these changes, which Slicer&apos;s own export (Export to DICOM) writes. Write them?</source>
        <translation type="unfinished">Les segments ont été modifiés depuis l&apos;exécution. Les objets DICOM disent ce que le modèle a dessiné, sans ces modifications, que l&apos;export de Slicer (Export to DICOM) écrit. Les écrire ?</translation>
    </message>
    <message>
        <source>Results as DICOM need the package highdicom with what it needs (about 20 MB). Packages that are already there stay as they are. Install now?</source>
        <translation type="unfinished">Les résultats en DICOM nécessitent le paquet highdicom et ses dépendances (environ 20 MB). Les paquets déjà présents restent tels quels. Installer maintenant ?</translation>
    </message>
    <message>
        <source>Not saved: nothing was installed.</source>
        <translation type="unfinished">Non enregistré : rien n&apos;a été installé.</translation>
    </message>
    <message>
        <source>Saving was cancelled.</source>
        <translation type="unfinished">L&apos;enregistrement a été interrompu.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.furtherfiles</name>
    <message>
        <source>missing</source>
        <translation type="unfinished">manquante</translation>
    </message>
    <message>
        <source>{what}: the name of its file beside each image, with a * for what the * of the pattern stands for, for example *_{name}.nii.gz beside *_t1c.nii.gz. Left empty, it is missing, and the model does without.</source>
        <translation type="unfinished">{what} : le nom de son fichier à côté de chaque image, avec un * pour ce que représente le * du motif, par exemple *_{name}.nii.gz à côté de *_t1c.nii.gz. Laissé vide, elle manque, et le modèle s’en passe.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.maps</name>
    <message>
        <source>Heat map: {diagnosis}</source>
        <translation type="unfinished">Carte de chaleur : {diagnosis}</translation>
    </message>
    <message>
        <source>What speaks for {diagnosis}, by {method}</source>
        <translation type="unfinished">Ce qui plaide pour {diagnosis}, selon {method}</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.models</name>
    <message>
        <source>Downloaded and imported models: {models:.1f} MB, networks compiled for this computer: {compiled:.1f} MB; in {folder}</source>
        <translation type="unfinished">Modèles téléchargés et importés : {models:.1f} MB, réseaux compilés pour cet ordinateur : {compiled:.1f} MB ; dans {folder}</translation>
    </message>
    <message>
        <source>Download {name} {version} ({size:.0f} MB)? Its weights are under {licence}. It is kept in {folder}.</source>
        <translation type="unfinished">Télécharger {name} {version} ({size:.0f} MB) ? Ses poids sont sous licence {licence}. Il est gardé dans {folder}.</translation>
    </message>
    <message>
        <source>Remove all downloaded and imported models, and networks compiled for this computer, which are compiled again when they are needed ({size:.1f} MB), from {folder}?</source>
        <translation type="unfinished">Supprimer de {folder} tous les modèles téléchargés et importés, ainsi que les réseaux compilés pour cet ordinateur, recompilés en cas de besoin ({size:.1f} MB) ?</translation>
    </message>
    <message>
        <source>{version} (installed)</source>
        <translation type="unfinished">{version} (installée)</translation>
    </message>
    <message>
        <source>comes with UnifiedViT</source>
        <translation type="unfinished">fourni avec UnifiedViT</translation>
    </message>
    <message>
        <source>installed</source>
        <translation type="unfinished">installé</translation>
    </message>
    <message>
        <source>update available</source>
        <translation type="unfinished">mise à jour disponible</translation>
    </message>
    <message>
        <source>to download</source>
        <translation type="unfinished">à télécharger</translation>
    </message>
    <message>
        <source>not to be had</source>
        <translation type="unfinished">non disponible</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Interruption...</translation>
    </message>
    <message>
        <source>Folder for downloaded models</source>
        <translation type="unfinished">Dossier pour les modèles téléchargés</translation>
    </message>
    <message>
        <source>no folder</source>
        <translation type="unfinished">aucun dossier</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">Interrompre</translation>
    </message>
    <message>
        <source>Download...</source>
        <translation type="unfinished">Télécharger...</translation>
    </message>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>A model&apos;s folder</source>
        <translation type="unfinished">Le dossier d&apos;un modèle</translation>
    </message>
    <message>
        <source>The model was removed.</source>
        <translation type="unfinished">Le modèle a été supprimé.</translation>
    </message>
    <message>
        <source>All downloaded and imported models and all compiled networks were removed.</source>
        <translation type="unfinished">Tous les modèles téléchargés et importés et tous les réseaux compilés ont été supprimés.</translation>
    </message>
    <message>
        <source>{state}, {size:.1f} MB</source>
        <translation type="unfinished">{state}, {size:.1f} MB</translation>
    </message>
    <message>
        <source>Needs PyTorch.</source>
        <translation type="unfinished">Nécessite PyTorch.</translation>
    </message>
    <message>
        <source>Version {version}, which it took the place of, is used again.</source>
        <translation type="unfinished">La version {version}, qu&apos;elle avait remplacée, est de nouveau utilisée.</translation>
    </message>
    <message>
        <source>{state}, {place}</source>
        <translation type="unfinished">{state}, {place}</translation>
    </message>
    <message>
        <source>It comes from {place}.</source>
        <translation type="unfinished">Il vient de {place}.</translation>
    </message>
    <message>
        <source>It takes the place of version {version}.</source>
        <translation type="unfinished">Il remplace la version {version}.</translation>
    </message>
    <message>
        <source>Remove {name} {version} from {folder}?</source>
        <translation type="unfinished">Supprimer {name} {version} de {folder} ?</translation>
    </message>
    <message>
        <source>Models are kept in {folder} from now on.</source>
        <translation type="unfinished">Les modèles sont désormais gardés dans {folder}.</translation>
    </message>
    <message>
        <source>Cancelled. What is there already is kept for next time.</source>
        <translation type="unfinished">Interrompu. Ce qui est déjà là est gardé pour la prochaine fois.</translation>
    </message>
    <message>
        <source>A model&apos;s .zip, or its model.json</source>
        <translation type="unfinished">Le .zip d&apos;un modèle, ou son model.json</translation>
    </message>
    <message>
        <source>Models (*.zip model.json)</source>
        <translation type="unfinished">Modèles (*.zip model.json)</translation>
    </message>
    <message>
        <source>The model is installed.</source>
        <translation type="unfinished">Le modèle est installé.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.panel</name>
    <message>
        <source>{value} (not installed)</source>
        <translation type="unfinished">{value} (non installé)</translation>
    </message>
    <message>
        <source>{value} (not available here)</source>
        <translation type="unfinished">{value} (indisponible ici)</translation>
    </message>
    <message>
        <source>Model {model} is not installed: choose another, or see section Models.</source>
        <translation type="unfinished">Le modèle {model} n&apos;est pas installé : choisissez-en un autre, ou voyez la section Modèles.</translation>
    </message>
    <message>
        <source>Starting...</source>
        <translation type="unfinished">Démarrage...</translation>
    </message>
    <message>
        <source>The result was taken back.</source>
        <translation type="unfinished">Le résultat a été annulé.</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Interruption...</translation>
    </message>
    <message>
        <source>Ctrl+Enter runs, Esc cancels.</source>
        <translation type="unfinished">Ctrl+Entrée lance, Échap annule.</translation>
    </message>
    <message>
        <source>Choose a volume and a model first.</source>
        <translation type="unfinished">Choisissez d&apos;abord un volume et un modèle.</translation>
    </message>
    <message>
        <source>for {value} (not of this model)</source>
        <translation type="unfinished">pour {value} (pas de ce modèle)</translation>
    </message>
    <message>
        <source>Cancelled. The scene is as it was.</source>
        <translation type="unfinished">Interrompu. La scène est inchangée.</translation>
    </message>
    <message>
        <source>Not run: the licence of the weights was not agreed to.</source>
        <translation type="unfinished">Non lancé : la licence des poids n&apos;a pas été acceptée.</translation>
    </message>
    <message>
        <source>The volume was removed from the scene: its run was ended.</source>
        <translation type="unfinished">Le volume a été supprimé de la scène : son exécution a été arrêtée.</translation>
    </message>
    <message>
        <source>A run is under way. Wait until it has ended, then load the case again.</source>
        <translation type="unfinished">Un examen est en cours. Attendez sa fin, puis rechargez le cas.</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">Interrompre</translation>
    </message>
    <message>
        <source>Run on the server</source>
        <translation type="unfinished">Lancer sur le serveur</translation>
    </message>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>Run</source>
        <translation type="unfinished">Lancer</translation>
    </message>
    <message>
        <source>The result could not be put into the scene, which is as it was ({error}). Free memory and run again; if that does not help, please report it.</source>
        <translation type="unfinished">Le résultat n&apos;a pas pu être ajouté à la scène, qui est restée telle quelle ({error}). Libérez de la mémoire et relancez ; si cela ne suffit pas, merci de le signaler.</translation>
    </message>
    <message>
        <source>Run {count} models</source>
        <translation type="unfinished">Lancer {count} modèles</translation>
    </message>
    <message>
        <source>&lt;b&gt;Expects&lt;/b&gt; {what}</source>
        <translation type="unfinished">&lt;b&gt;Attend&lt;/b&gt; {what}</translation>
    </message>
    <message>
        <source>Not taken back: the result was changed since the run.</source>
        <translation type="unfinished">Non retiré : le résultat a été modifié depuis l&apos;exécution.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Weights&lt;/b&gt; {licence}</source>
        <translation type="unfinished">&lt;b&gt;Poids&lt;/b&gt; {licence}</translation>
    </message>
    <message>
        <source>Done in {seconds:.1f} s.</source>
        <translation type="unfinished">Terminé en {seconds:.1f} s.</translation>
    </message>
    <message>
        <source>Segments, names or the table of the result were changed since the run. Undo takes these changes away too. Take the result back?</source>
        <translation type="unfinished">Des segments, des noms ou le tableau du résultat ont été modifiés depuis l&apos;exécution. Annuler supprime aussi ces modifications. Retirer le résultat ?</translation>
    </message>
    <message>
        <source> (about {seconds:.0f} s left)</source>
        <translation type="unfinished"> (encore {seconds:.0f} s environ)</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.patient</name>
    <message>
        <source>Choose at least one result of UnifiedViT.</source>
        <translation type="unfinished">Choisissez au moins un résultat de UnifiedViT.</translation>
    </message>
    <message>
        <source>{name}: {value}</source>
        <translation type="unfinished">{name} : {value}</translation>
    </message>
    <message>
        <source>{name}: {value} (without it, {diagnosis} {probability})</source>
        <translation type="unfinished">{name} : {value} (sans cela, {diagnosis} {probability})</translation>
    </message>
    <message>
        <source>Missing</source>
        <translation type="unfinished">Manquant</translation>
    </message>
    <message>
        <source>{name} is of another patient than {other}. Choose the images of one patient.</source>
        <translation type="unfinished">{name} concerne un autre patient que {other}. Choisissez les images d&apos;un seul patient.</translation>
    </message>
    <message>
        <source>The result {name} of this scene is damaged. Run the model again.</source>
        <translation type="unfinished">Le résultat {name} de cette scène est endommagé. Exécutez de nouveau le modèle.</translation>
    </message>
    <message>
        <source>The results in the scene have changed meanwhile. Check them again.</source>
        <translation type="unfinished">Les résultats de la scène ont changé entre-temps. Cochez-les de nouveau.</translation>
    </message>
    <message>
        <source>Images alone: {diagnosis} {probability}</source>
        <translation type="unfinished">Images seules : {diagnosis} {probability}</translation>
    </message>
    <message>
        <source>A package that the model needs is missing ({error}). Run the model once: the panel offers to install it.</source>
        <translation type="unfinished">Un paquet dont le modèle a besoin manque ({error}). Exécutez le modèle une fois : le panneau propose de l&apos;installer.</translation>
    </message>
    <message>
        <source>{name} is no result of {model} {version}. Look at all images with one model.</source>
        <translation type="unfinished">{name} n&apos;est pas un résultat de {model} {version}. Faites examiner toutes les images par un seul modèle.</translation>
    </message>
    <message>
        <source>Missing: {fields}</source>
        <translation type="unfinished">Manquant : {fields}</translation>
    </message>
    <message>
        <source>{name} and {other} are results of one image, which would count twice. Choose one of them.</source>
        <translation type="unfinished">{name} et {other} sont des résultats d&apos;une même image, qui compterait deux fois. Choisissez l&apos;un d&apos;eux.</translation>
    </message>
    <message>
        <source>From {low} to {high}. The model has learnt from {first} to {last}.</source>
        <translation type="unfinished">De {low} à {high}. Le modèle a appris de {first} à {last}.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.region</name>
    <message>
        <source>none</source>
        <translation type="unfinished">aucune</translation>
    </message>
    <message>
        <source>Region of interest</source>
        <translation type="unfinished">Région d&apos;intérêt</translation>
    </message>
    <message>
        <source>A region of interest is a Markups ROI or a segmentation with a segment. Choose one of these.</source>
        <translation type="unfinished">Une région d&apos;intérêt est une ROI Markups ou une segmentation avec un segment. Choisissez l&apos;une des deux.</translation>
    </message>
    <message>
        <source>{name} is not placed yet. Draw it in a slice view first.</source>
        <translation type="unfinished">{name} n&apos;est pas encore placée. Dessinez-la d&apos;abord dans une vue en coupe.</translation>
    </message>
    <message>
        <source>{name} is inside out: it names what is not of interest. Switch that off in the module Markups.</source>
        <translation type="unfinished">{name} est inversée (inside out) : elle désigne ce qui n&apos;est pas d&apos;intérêt. Désactivez cela dans le module Markups.</translation>
    </message>
    <message>
        <source>{name} has no segment {segment}; there are: {there}. Choose one of them for the region.</source>
        <translation type="unfinished">{name} n&apos;a pas de segment {segment} ; il y a : {there}. Choisissez-en un pour la région.</translation>
    </message>
    <message>
        <source>Region of interest: {name}</source>
        <translation type="unfinished">Région d&apos;intérêt : {name}</translation>
    </message>
    <message>
        <source>ROI {name}</source>
        <translation type="unfinished">ROI {name}</translation>
    </message>
    <message>
        <source>{segment} (not there)</source>
        <translation type="unfinished">{segment} (absent)</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.repositories</name>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Interruption...</translation>
    </message>
    <message>
        <source>{place} (signed)</source>
        <translation type="unfinished">{place} (signé)</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">Interrompre</translation>
    </message>
    <message>
        <source>Look for updates</source>
        <translation type="unfinished">Chercher du nouveau</translation>
    </message>
    <message>
        <source>The repository is forgotten. Models that came from it stay.</source>
        <translation type="unfinished">Le dépôt est oublié. Les modèles qui en viennent restent.</translation>
    </message>
    <message>
        <source>Cancelled. The models that were known are listed still.</source>
        <translation type="unfinished">Interrompu. Les modèles connus restent dans la liste.</translation>
    </message>
    <message>
        <source>Nothing new.</source>
        <translation type="unfinished">Rien de nouveau.</translation>
    </message>
    <message>
        <source>As of {time}</source>
        <translation type="unfinished">État du {time}</translation>
    </message>
    <message>
        <source>The repository is added; models in it: {count}.</source>
        <translation type="unfinished">Le dépôt est ajouté ; modèles qu&apos;il contient : {count}.</translation>
    </message>
    <message>
        <source>New: {models}.</source>
        <translation type="unfinished">Nouveau : {models}.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.results</name>
    <message>
        <source>nothing drawn</source>
        <translation type="unfinished">rien de dessiné</translation>
    </message>
    <message>
        <source>drawn, size not known</source>
        <translation type="unfinished">dessiné, taille inconnue</translation>
    </message>
    <message>
        <source>The line marks the probability from which on it is found.</source>
        <translation type="unfinished">Le trait marque la probabilité à partir de laquelle l&apos;anomalie est retenue.</translation>
    </message>
    <message>
        <source>Save report</source>
        <translation type="unfinished">Enregistrer le rapport</translation>
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
        <translation type="unfinished">Probabilité de chaque classe, coupe par coupe : {classes}</translation>
    </message>
    <message>
        <source>The surface could not be made from this segmentation.</source>
        <translation type="unfinished">La surface n&apos;a pas pu être créée à partir de cette segmentation.</translation>
    </message>
    <message>
        <source>Nothing is drawn in this segmentation.</source>
        <translation type="unfinished">Rien n&apos;est dessiné dans cette segmentation.</translation>
    </message>
    <message>
        <source>The result is in the clipboard.</source>
        <translation type="unfinished">Le résultat est dans le presse-papiers.</translation>
    </message>
    <message>
        <source>This result is of {name}, not of the volume that is chosen above.</source>
        <translation type="unfinished">Ce résultat est celui de {name}, et non du volume choisi ci-dessus.</translation>
    </message>
    <message>
        <source>The report is in {path}</source>
        <translation type="unfinished">Le rapport est dans {path}</translation>
    </message>
    <message>
        <source>, item {number}</source>
        <translation type="unfinished">, élément {number}</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.run</name>
    <message>
        <source>The volume was removed from the scene before its result came.</source>
        <translation type="unfinished">Le volume a été supprimé de la scène avant l&apos;arrivée de son résultat.</translation>
    </message>
    <message>
        <source>The voxels of {names} were changed while the model looked at them: this is the result for the voxels as they were. Run again.</source>
        <translation type="unfinished">Les voxels de {names} ont été modifiés pendant que le modèle les examinait : ce résultat vaut pour les voxels tels qu&apos;ils étaient. Relancez.</translation>
    </message>
    <message>
        <source>{name} holds the result of another volume, and stays: this result is in a new segmentation.</source>
        <translation type="unfinished">{name} contient le résultat d&apos;un autre volume et reste : ce résultat est dans une nouvelle segmentation.</translation>
    </message>
    <message>
        <source>The segments of {name} were changed since its run, and stay: this result is in a new segmentation.</source>
        <translation type="unfinished">Les segments de {name} ont été modifiés depuis son exécution et restent : ce résultat est dans une nouvelle segmentation.</translation>
    </message>
    <message>
        <source>{name} holds what no run has made, and stays: this result is in a new segmentation.</source>
        <translation type="unfinished">{name} contient ce qu&apos;aucune exécution n&apos;a produit et reste : ce résultat est dans une nouvelle segmentation.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.sentences</name>
    <message>
        <source>{number} of {count}, {name}: {stage}</source>
        <translation type="unfinished">{number} sur {count}, {name} : {stage}</translation>
    </message>
    <message>
        <source>Loading the model</source>
        <translation type="unfinished">Chargement du modèle</translation>
    </message>
    <message>
        <source>Preparing</source>
        <translation type="unfinished">Préparation</translation>
    </message>
    <message>
        <source>Looking at slice {slice} of {count}</source>
        <translation type="unfinished">Examen de la coupe {slice} sur {count}</translation>
    </message>
    <message>
        <source>Explaining slice {slice} of {count}</source>
        <translation type="unfinished">Explication de la coupe {slice} sur {count}</translation>
    </message>
    <message>
        <source>Super-resolution, region {region} of {count}</source>
        <translation type="unfinished">Super-résolution, région {region} sur {count}</translation>
    </message>
    <message>
        <source>Comparing ways to compute, once on this computer</source>
        <translation type="unfinished">Comparaison des modes de calcul, une seule fois sur cet ordinateur</translation>
    </message>
    <message>
        <source>Laying the segmentations over each other</source>
        <translation type="unfinished">Superposition des segmentations</translation>
    </message>
    <message>
        <source>Comparing {name}</source>
        <translation type="unfinished">Comparaison de {name}</translation>
    </message>
    <message>
        <source>Reading the DICOM images</source>
        <translation type="unfinished">Lecture des images DICOM</translation>
    </message>
    <message>
        <source>Making DICOM objects</source>
        <translation type="unfinished">Création des objets DICOM</translation>
    </message>
    <message>
        <source>Writing DICOM objects</source>
        <translation type="unfinished">Écriture des objets DICOM</translation>
    </message>
    <message>
        <source>Asking {place}</source>
        <translation type="unfinished">Interrogation de {place}</translation>
    </message>
    <message>
        <source>Sending to {place}</source>
        <translation type="unfinished">Envoi à {place}</translation>
    </message>
    <message>
        <source>Waiting on {place}: {number} in line</source>
        <translation type="unfinished">Attente de {place} : position {number}</translation>
    </message>
    <message>
        <source>Fetching from {place}</source>
        <translation type="unfinished">Réception de {place}</translation>
    </message>
    <message>
        <source>Reading the result</source>
        <translation type="unfinished">Lecture du résultat</translation>
    </message>
    <message>
        <source>Loading the training package</source>
        <translation type="unfinished">Chargement du paquet d&apos;entraînement</translation>
    </message>
    <message>
        <source>Preparing the cases</source>
        <translation type="unfinished">Préparation des cas</translation>
    </message>
    <message>
        <source>Learning: epoch {number} of {count}</source>
        <translation type="unfinished">Apprentissage : époque {number} sur {count}</translation>
    </message>
    <message>
        <source>Evaluating</source>
        <translation type="unfinished">Évaluation</translation>
    </message>
    <message>
        <source>Evaluating whole volumes</source>
        <translation type="unfinished">Évaluation de volumes entiers</translation>
    </message>
    <message>
        <source>Evaluating on the reference</source>
        <translation type="unfinished">Évaluation sur la référence</translation>
    </message>
    <message>
        <source>Comparing the two models</source>
        <translation type="unfinished">Comparaison des deux modèles</translation>
    </message>
    <message>
        <source>Writing the model</source>
        <translation type="unfinished">Écriture du modèle</translation>
    </message>
    <message>
        <source>Installing PyTorch</source>
        <translation type="unfinished">Installation de PyTorch</translation>
    </message>
    <message>
        <source>Installing packages</source>
        <translation type="unfinished">Installation des paquets</translation>
    </message>
    <message>
        <source>Looking for the build that fits the GPU</source>
        <translation type="unfinished">Recherche de la version adaptée au GPU</translation>
    </message>
    <message>
        <source>Looking for packages</source>
        <translation type="unfinished">Recherche des paquets</translation>
    </message>
    <message>
        <source>Fetching packages</source>
        <translation type="unfinished">Téléchargement des paquets</translation>
    </message>
    <message>
        <source>Trying the packages</source>
        <translation type="unfinished">Essai des paquets</translation>
    </message>
    <message>
        <source>Putting packages in place</source>
        <translation type="unfinished">Mise en place des paquets</translation>
    </message>
    <message>
        <source>A 2-D image tells neither its orientation nor its thickness: sizes are not known, no volumes in mL are given.</source>
        <translation type="unfinished">Une image 2D n&apos;indique ni son orientation ni son épaisseur : les tailles sont inconnues, aucun volume en mL n&apos;est donné.</translation>
    </message>
    <message>
        <source>The image does not tell the size of its voxels: sizes are not known, no volumes in mL are given.</source>
        <translation type="unfinished">L&apos;image n&apos;indique pas la taille de ses voxels : les tailles sont inconnues, aucun volume en mL n&apos;est donné.</translation>
    </message>
    <message>
        <source>The image does not tell how its axes lie in the patient: right and left may be exchanged, and slices turned. Compare them with the original.</source>
        <translation type="unfinished">L&apos;image n&apos;indique pas l&apos;orientation de ses axes dans le patient : la droite et la gauche peuvent être inversées, et les coupes tournées. Comparez avec l&apos;original.</translation>
    </message>
    <message>
        <source>The image is much coarser than what the model was trained on; small findings cannot be seen.</source>
        <translation type="unfinished">L&apos;image est bien plus grossière que celles sur lesquelles le modèle a été entraîné ; les petites anomalies ne peuvent pas être vues.</translation>
    </message>
    <message>
        <source>Without {channels}: the model was not given all that it can use.</source>
        <translation type="unfinished">Sans {channels} : le modèle n&apos;a pas reçu tout ce qu&apos;il peut utiliser.</translation>
    </message>
    <message>
        <source>Without {channels}: the model was not given all that it can use. Whether it was trained on such images is not judged.</source>
        <translation type="unfinished">Sans {channels} : le modèle n&apos;a pas reçu tout ce qu&apos;il peut utiliser. Il n&apos;est pas évalué s&apos;il a été entraîné sur de telles images.</translation>
    </message>
    <message>
        <source>The slices are shifted against each other by up to {distance} mm (a gantry tilted by {degrees}°): the volume was corrected to right angles.</source>
        <translation type="unfinished">Les coupes sont décalées entre elles de {distance} mm au plus (statif incliné de {degrees}°) : le volume a été corrigé à angles droits.</translation>
    </message>
    <message>
        <source>The slices are not quite evenly spaced: positions may be off by up to {distance} mm.</source>
        <translation type="unfinished">Les coupes ne sont pas tout à fait régulièrement espacées : les positions peuvent être décalées de {distance} mm au plus.</translation>
    </message>
    <message>
        <source>The image says that it is {modality}; this model knows {expected}. Do not rely on the answer.</source>
        <translation type="unfinished">L&apos;image indique qu&apos;elle est de type {modality} ; ce modèle connaît {expected}. Ne vous fiez pas à la réponse.</translation>
    </message>
    <message>
        <source>Air has negative values, as in CT (Hounsfield units); this model knows {expected}. Do not rely on the answer.</source>
        <translation type="unfinished">L&apos;air a des valeurs négatives, comme en TDM (unités Hounsfield) ; ce modèle connaît {expected}. Ne vous fiez pas à la réponse.</translation>
    </message>
    <message>
        <source>{name} has only {count} different values: a mask or a label map, not a scan. Check that the right file was loaded.</source>
        <translation type="unfinished">{name} n&apos;a que {count} valeurs différentes : un masque ou une carte d&apos;étiquettes, pas une acquisition. Vérifiez que le bon fichier a été chargé.</translation>
    </message>
    <message>
        <source>The image does not look like what the model was trained on ({where} further from the training images than 99% of the images kept for validation). Do not rely on the answer.</source>
        <translation type="unfinished">L&apos;image ne ressemble pas à celles sur lesquelles le modèle a été entraîné ({where} plus loin des images d&apos;entraînement que 99% des images réservées à la validation). Ne vous fiez pas à la réponse.</translation>
    </message>
    <message>
        <source>it lies</source>
        <translation type="unfinished">elle se situe</translation>
    </message>
    <message>
        <source>{share} of its slices lie</source>
        <translation type="unfinished">{share} de ses coupes se situent</translation>
    </message>
    <message>
        <source>The image seems to be {rotation}: put right, it would look more like what the model was trained on. Check its orientation.</source>
        <translation type="unfinished">L&apos;image semble {rotation} : redressée, elle ressemblerait davantage à celles sur lesquelles le modèle a été entraîné. Vérifiez son orientation.</translation>
    </message>
    <message>
        <source>upside down</source>
        <translation type="unfinished">à l&apos;envers</translation>
    </message>
    <message>
        <source>turned to the right</source>
        <translation type="unfinished">tournée vers la droite</translation>
    </message>
    <message>
        <source>turned to the left</source>
        <translation type="unfinished">tournée vers la gauche</translation>
    </message>
    <message>
        <source>uncertain — review</source>
        <translation type="unfinished">incertain — à vérifier</translation>
    </message>
    <message>
        <source>The diagnosis is never to be taken without a reader: of this model&apos;s answers to the images that it was judged on, too many were wrong, however sure it was. Review it.</source>
        <translation type="unfinished">Le diagnostic ne doit jamais être repris sans lecteur : parmi les réponses de ce modèle aux images sur lesquelles il a été jugé, trop étaient fausses, si sûr qu&apos;il fût. Vérifiez-le.</translation>
    </message>
    <message>
        <source>The diagnosis is uncertain ({probability} {meaning}, under {threshold}): review it.</source>
        <translation type="unfinished">Le diagnostic est incertain ({probability} {meaning}, sous {threshold}) : vérifiez-le.</translation>
    </message>
    <message>
        <source>confidence over all passes</source>
        <translation type="unfinished">de confiance sur tous les passages</translation>
    </message>
    <message>
        <source>for the likeliest class</source>
        <translation type="unfinished">pour la classe la plus probable</translation>
    </message>
    <message>
        <source>The two answers contradict each other: the diagnosis is {diagnosis}, yet {region} is drawn.</source>
        <translation type="unfinished">Les deux réponses se contredisent : le diagnostic est {diagnosis}, or {region}.</translation>
    </message>
    <message>
        <source>a region</source>
        <translation type="unfinished">une région est dessinée</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation type="unfinished">rien n&apos;est dessiné</translation>
    </message>
    <message>
        <source>The two answers contradict each other: {finding} found, yet {segment} is not drawn.</source>
        <translation type="unfinished">Les deux réponses se contredisent : {finding} trouvé, mais {segment} n&apos;est pas dessiné.</translation>
    </message>
    <message>
        <source>The two answers contradict each other: {segment} is drawn, yet {finding} is not found.</source>
        <translation type="unfinished">Les deux réponses se contredisent : {segment} est dessiné, mais {finding} n&apos;est pas trouvé.</translation>
    </message>
    <message>
        <source>Uncertain, as close to the threshold: {findings}. Review it.</source>
        <translation type="unfinished">Incertain, car proche du seuil : {findings}. À vérifier.</translation>
    </message>
    <message>
        <source>The segments were changed since the run: amounts and sentences are of what the model drew, outlines as they are now.</source>
        <translation type="unfinished">Les segments ont été modifiés depuis l&apos;exécution : les quantités et les phrases se rapportent à ce que le modèle a dessiné, les contours à leur état actuel.</translation>
    </message>
    <message>
        <source>The volume and its segmentation were moved apart since the run: outlines lie beside what they outline. Move both alike, or run again.</source>
        <translation type="unfinished">Le volume et sa segmentation ont été déplacés l&apos;un par rapport à l&apos;autre depuis l&apos;exécution : les contours sont à côté de ce qu&apos;ils entourent. Déplacez-les de la même façon, ou relancez l&apos;exécution.</translation>
    </message>
    <message>
        <source>The volume was moved or resized since the run: places and sizes in words are as they were then.</source>
        <translation type="unfinished">Le volume a été déplacé ou redimensionné depuis l&apos;exécution : les positions et les tailles dans le texte sont celles d&apos;alors.</translation>
    </message>
    <message>
        <source>The volume has gone, or no longer has the voxels that were looked at: it was changed, or its sequence shows another item. The result is of what it was; a report has no pictures.</source>
        <translation type="unfinished">Le volume a disparu ou n&apos;a plus les voxels qui ont été examinés : il a été modifié, ou sa séquence affiche un autre élément. Le résultat concerne l&apos;état antérieur ; un rapport n&apos;a pas d&apos;images.</translation>
    </message>
    <message>
        <source>Metadata changed the diagnosis: from the images alone it would be {diagnosis}.</source>
        <translation type="unfinished">Les métadonnées ont changé le diagnostic : d&apos;après les images seules, ce serait {diagnosis}.</translation>
    </message>
    <message>
        <source>The images contradict each other: {diagnoses}.</source>
        <translation type="unfinished">Les images se contredisent : {diagnoses}.</translation>
    </message>
    <message>
        <source>The patient&apos;s diagnosis is uncertain ({diagnosis}, under {threshold}): review it.</source>
        <translation type="unfinished">Le diagnostic du patient est incertain ({diagnosis}, moins de {threshold}) : vérifiez-le.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.sequences</name>
    <message>
        <source>No sequence is chosen. Load a sequence of volumes and choose it.</source>
        <translation type="unfinished">Aucune séquence n&apos;est choisie. Chargez une séquence de volumes et choisissez-la.</translation>
    </message>
    <message>
        <source>The sequence was removed from the scene: its run was ended.</source>
        <translation type="unfinished">La séquence a été retirée de la scène : son exécution a été arrêtée.</translation>
    </message>
    <message>
        <source>{name} is in no scene. Add it to one.</source>
        <translation type="unfinished">{name} ne se trouve dans aucune scène. Ajoutez-le à une scène.</translation>
    </message>
    <message>
        <source>{name} has no items. Load the sequence again.</source>
        <translation type="unfinished">{name} n&apos;a aucun élément. Rechargez la séquence.</translation>
    </message>
    <message>
        <source>{name} is no sequence of volumes. Choose one of volumes.</source>
        <translation type="unfinished">{name} n’est pas une séquence de volumes. Choisissez-en une de volumes.</translation>
    </message>
    <message>
        <source>The item {index} was taken out of the sequence, or given another index, meanwhile. Run the sequence again.</source>
        <translation type="unfinished">L&apos;élément {index} a entre-temps été retiré de la séquence ou a reçu un autre index. Relancez la séquence.</translation>
    </message>
    <message>
        <source>{name} was changed while it was looked at: its voxels, spacing, origin or directions. Run the sequence again.</source>
        <translation type="unfinished">{name} a été modifié pendant son examen : ses voxels, son espacement, son origine ou ses directions. Relancez la séquence.</translation>
    </message>
    <message>
        <source>item {number} of {count}: {stage}</source>
        <translation type="unfinished">élément {number} sur {count} : {stage}</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.sequenceview</name>
    <message>
        <source>The run of the sequence was taken back.</source>
        <translation type="unfinished">L’exécution sur la séquence a été annulée.</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Interruption...</translation>
    </message>
    <message>
        <source>Not run: the licence of the weights was not agreed to.</source>
        <translation type="unfinished">Non lancé : la licence des poids n&apos;a pas été acceptée.</translation>
    </message>
    <message>
        <source>failed</source>
        <translation type="unfinished">échec</translation>
    </message>
    <message>
        <source>No sequence browser plays this sequence: make one in the module Sequences.</source>
        <translation type="unfinished">Aucun navigateur de séquences ne lit cette séquence : créez-en un dans le module Sequences.</translation>
    </message>
    <message>
        <source>The plot is no longer in the scene.</source>
        <translation type="unfinished">Le graphique n’est plus dans la scène.</translation>
    </message>
    <message>
        <source>Cancel sequence</source>
        <translation type="unfinished">Annuler la séquence</translation>
    </message>
    <message>
        <source>Run sequence on the server</source>
        <translation type="unfinished">Lancer la séquence sur le serveur</translation>
    </message>
    <message>
        <source>Run sequence</source>
        <translation type="unfinished">Lancer la séquence</translation>
    </message>
    <message>
        <source>The sequence was removed from the scene: its run was ended.</source>
        <translation type="unfinished">La séquence a été retirée de la scène : son exécution a été arrêtée.</translation>
    </message>
    <message>
        <source>{done} of {count} items are done; they play with the volumes, and a table and a plot over time are in the scene.</source>
        <translation type="unfinished">{done} éléments sur {count} sont terminés ; ils défilent avec les volumes, et un tableau et un graphique dans le temps sont dans la scène.</translation>
    </message>
    <message>
        <source>Cancelled. Items that are done and in the scene: {done} of {count}.</source>
        <translation type="unfinished">Annulé. Éléments terminés et dans la scène : {done} sur {count}.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.setup</name>
    <message>
        <source>OpenVINO: CPU, light</source>
        <translation type="unfinished">OpenVINO : CPU, léger</translation>
    </message>
    <message>
        <source>PyTorch: CPU and GPU</source>
        <translation type="unfinished">PyTorch : CPU et GPU</translation>
    </message>
    <message>
        <source>The installation was cancelled, and can be begun again.</source>
        <translation type="unfinished">L’installation a été annulée et peut être recommencée.</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">Interrompre</translation>
    </message>
    <message>
        <source>Install what is missing...</source>
        <translation type="unfinished">Installer ce qui manque...</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Interruption...</translation>
    </message>
    <message>
        <source>Folder with wheels (.whl)</source>
        <translation type="unfinished">Dossier de wheels (.whl)</translation>
    </message>
    <message>
        <source>PyTorch is installed.</source>
        <translation type="unfinished">PyTorch est installé.</translation>
    </message>
    <message>
        <source>Slicer is installing packages for another module. Wait until that has ended, then try again.</source>
        <translation type="unfinished">Slicer installe des paquets pour un autre module. Attendez la fin, puis réessayez.</translation>
    </message>
    <message>
        <source>Nothing was installed.</source>
        <translation type="unfinished">Rien n&apos;a été installé.</translation>
    </message>
    <message>
        <source>All packages that are needed are here.</source>
        <translation type="unfinished">Tous les paquets nécessaires sont là.</translation>
    </message>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>{packages} cannot be installed anew, as another module of Slicer uses what is there. Start Slicer again, and install before that module is used.</source>
        <translation type="unfinished">{packages} ne peut pas être réinstallé, car un autre module de Slicer utilise ce qui est là. Redémarrez Slicer et installez avant d’utiliser ce module.</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.severalmodels</name>
    <message>
        <source>Several models add a segmentation each: name at least one model, and no segmentation to replace.</source>
        <translation type="unfinished">Plusieurs modèles ajoutent chacun une segmentation : indiquez au moins un modèle, et aucune segmentation à remplacer.</translation>
    </message>
    <message>
        <source>{value} (not installed)</source>
        <translation type="unfinished">{value} (non installé)</translation>
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
        <translation type="unfinished">rien trouvé</translation>
    </message>
    <message>
        <source>Not known</source>
        <translation type="unfinished">Inconnu</translation>
    </message>
    <message>
        <source>Folder of the dataset</source>
        <translation type="unfinished">Dossier du jeu de données</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">Interruption...</translation>
    </message>
    <message>
        <source>A result, a folder and who corrected it are needed first.</source>
        <translation type="unfinished">Il faut d&apos;abord un résultat, un dossier et le relecteur.</translation>
    </message>
    <message>
        <source>Nothing found</source>
        <translation type="unfinished">Rien trouvé</translation>
    </message>
    <message>
        <source>Cancel adding</source>
        <translation type="unfinished">Annuler l&apos;ajout</translation>
    </message>
    <message>
        <source>Add to my dataset</source>
        <translation type="unfinished">Ajouter au jeu</translation>
    </message>
    <message>
        <source>{diagnosis}: as the model says</source>
        <translation type="unfinished">{diagnosis} : comme le dit le modèle</translation>
    </message>
    <message>
        <source>Nothing was changed in the dataset.</source>
        <translation type="unfinished">Rien n&apos;a été modifié dans le jeu de données.</translation>
    </message>
    <message>
        <source>The case was taken out of the dataset again.</source>
        <translation type="unfinished">Le cas a été retiré du jeu de données.</translation>
    </message>
    <message>
        <source>Added to the dataset in {folder}</source>
        <translation type="unfinished">Ajouté au jeu de données dans {folder}</translation>
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
        <translation type="unfinished">Interrompre</translation>
    </message>
    <message>
        <source>Which?</source>
        <translation type="unfinished">Lequel ?</translation>
    </message>
    <message>
        <source>fits</source>
        <translation type="unfinished">convient</translation>
    </message>
    <message>
        <source>doubtful</source>
        <translation type="unfinished">douteux</translation>
    </message>
    <message>
        <source>not judged</source>
        <translation type="unfinished">non jugé</translation>
    </message>
    <message>
        <source>does not fit</source>
        <translation type="unfinished">ne convient pas</translation>
    </message>
    <message>
        <source>Only slices of the region were looked at: {region}.</source>
        <translation type="unfinished">Seules les coupes de la région ont été examinées : {region}.</translation>
    </message>
    <message>
        <source>{model} (as {channel})</source>
        <translation type="unfinished">{model} (comme {channel})</translation>
    </message>
    <message>
        <source>The server looks: voxels and geometry are sent there.</source>
        <translation type="unfinished">C’est le serveur qui regarde : voxels et géométrie y sont envoyés.</translation>
    </message>
    <message>
        <source>Cancelled. No model was judged.</source>
        <translation type="unfinished">Annulé. Aucun modèle n’a été jugé.</translation>
    </message>
</context>
</TS>
