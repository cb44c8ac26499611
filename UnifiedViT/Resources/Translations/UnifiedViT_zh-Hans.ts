<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh-Hans" sourcelanguage="en">
<context>
    <name>UnifiedViT</name>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>One Vision Transformer looks at a medical image once and gives two answers: where (a segmentation) and what (a diagnosis with calibrated probabilities). Load a volume, choose a model, press Run.&lt;br&gt;&lt;br&gt;&lt;b&gt;Research use only. Not for clinical diagnosis.&lt;/b&gt;&lt;br&gt;&lt;br&gt;More in the &lt;a href=&quot;https://github.com/UnifiedViT/SlicerUnifiedViT&quot;&gt;documentation&lt;/a&gt;.</source>
        <translation type="unfinished">一个 Vision Transformer 只看一次医学图像，就给出两个答案：在哪里（分割）以及是什么（带有校准概率的诊断）。请加载体数据，选择模型，然后按“运行”。&lt;br&gt;&lt;br&gt;&lt;b&gt;仅供研究使用，不得用于临床诊断。&lt;/b&gt;&lt;br&gt;&lt;br&gt;更多信息见&lt;a href=&quot;https://github.com/UnifiedViT/SlicerUnifiedViT&quot;&gt;文档&lt;/a&gt;。</translation>
    </message>
    <message>
        <source>The architecture follows Kassar, An Analytical Study of Vision Transformer Models for Medical Image Classification and Segmentation. The bundled model was trained on BRISC 2025 (Fateh et al.), the figshare set of Cheng, and TCGA-LGG with the masks of Buda et al.; its weights are under CC BY-NC-SA 4.0.</source>
        <translation type="unfinished">架构依据 Kassar 的 An Analytical Study of Vision Transformer Models for Medical Image Classification and Segmentation。随附的模型使用 BRISC 2025（Fateh et al.）、Cheng 的 figshare 数据集以及带有 Buda et al. 掩膜的 TCGA-LGG 训练；其权重采用 CC BY-NC-SA 4.0 许可。</translation>
    </message>
    <message>
        <source>Research use only. Not for clinical diagnosis.</source>
        <translation type="unfinished">仅供研究使用，不得用于临床诊断。</translation>
    </message>
    <message>
        <source>What runs the networks. OpenVINO needs no PyTorch; PyTorch uses the graphics card and runs every model.</source>
        <translation type="unfinished">用什么来运行网络。OpenVINO 不需要 PyTorch；PyTorch 使用显卡并能运行所有模型。</translation>
    </message>
    <message>
        <source>Install what is missing...</source>
        <translation type="unfinished">安装缺少的软件包...</translation>
    </message>
    <message>
        <source>Asks once, then downloads and installs. Nothing that Slicer brings is changed.</source>
        <translation type="unfinished">询问一次，然后下载并安装。Slicer 自带的内容不会改变。</translation>
    </message>
    <message>
        <source>From a folder...</source>
        <translation type="unfinished">从文件夹...</translation>
    </message>
    <message>
        <source>Installs from a folder of wheels (.whl), without a network.</source>
        <translation type="unfinished">从装有 wheel（.whl）的文件夹安装，无需网络。</translation>
    </message>
    <message>
        <source>Check again</source>
        <translation type="unfinished">重新检查</translation>
    </message>
    <message>
        <source>Inputs</source>
        <translation type="unfinished">输入</translation>
    </message>
    <message>
        <source>Volume:</source>
        <translation type="unfinished">体数据：</translation>
    </message>
    <message>
        <source>The image to look at. Of a sequence: the item that the sequence browser shows.</source>
        <translation type="unfinished">要查看的图像。若为序列：序列浏览器所显示的那一项。</translation>
    </message>
    <message>
        <source>Select a volume</source>
        <translation type="unfinished">选择体数据</translation>
    </message>
    <message>
        <source>Model:</source>
        <translation type="unfinished">模型：</translation>
    </message>
    <message>
        <source>Segmentation:</source>
        <translation type="unfinished">分割：</translation>
    </message>
    <message>
        <source>Create a new segmentation on Run</source>
        <translation type="unfinished">运行时新建分割</translation>
    </message>
    <message>
        <source>Region of interest</source>
        <translation type="unfinished">感兴趣区域</translation>
    </message>
    <message>
        <source>Look at:</source>
        <translation type="unfinished">查看：</translation>
    </message>
    <message>
        <source>A Markups ROI, or a segmentation with a segment, of which a box is taken. Only slices that the box touches are looked at, as wholes; what is drawn outside of it is left out.</source>
        <translation type="unfinished">一个 Markups ROI，或带有分割段的分割（取其外接框）。只查看与该框相交的切片，且整层查看；框外勾画的部分会被舍去。</translation>
    </message>
    <message>
        <source>all of the volume</source>
        <translation type="unfinished">整个体数据</translation>
    </message>
    <message>
        <source>Around:</source>
        <translation type="unfinished">围绕：</translation>
    </message>
    <message>
        <source>Margin:</source>
        <translation type="unfinished">边距：</translation>
    </message>
    <message>
        <source>Kept free on each side of the segment.</source>
        <translation type="unfinished">在分割段每一侧留出的距离。</translation>
    </message>
    <message>
        <source> mm</source>
        <translation type="unfinished"> mm</translation>
    </message>
    <message>
        <source>Advanced</source>
        <translation type="unfinished">高级</translation>
    </message>
    <message>
        <source>Slices:</source>
        <translation type="unfinished">切片：</translation>
    </message>
    <message>
        <source>The plane in which the model looks at the volume, slice by slice.</source>
        <translation type="unfinished">模型逐层查看体数据所用的平面。</translation>
    </message>
    <message>
        <source>Device:</source>
        <translation type="unfinished">设备：</translation>
    </message>
    <message>
        <source>Where the network computes.</source>
        <translation type="unfinished">网络在哪里计算。</translation>
    </message>
    <message>
        <source>Slices at a time:</source>
        <translation type="unfinished">每批切片数：</translation>
    </message>
    <message>
        <source>More is quicker on a graphics card and needs more memory; halved by itself when memory runs out.</source>
        <translation type="unfinished">数值越大，在显卡上越快，但占用内存越多；内存不足时自动减半。</translation>
    </message>
    <message>
        <source>Test-time augmentation</source>
        <translation type="unfinished">测试时增强</translation>
    </message>
    <message>
        <source>The mean over slices and their mirror images; takes twice as long.</source>
        <translation type="unfinished">取切片与其镜像的平均；耗时为两倍。</translation>
    </message>
    <message>
        <source>Keep probability maps as volumes</source>
        <translation type="unfinished">将概率图保留为体数据</translation>
    </message>
    <message>
        <source>Heat map:</source>
        <translation type="unfinished">热图：</translation>
    </message>
    <message>
        <source>What speaks for a diagnosis, and where, as a volume in colours over the image; takes three times as long.</source>
        <translation type="unfinished">支持某一诊断的依据及其位置，以彩色体数据叠加在图像上；耗时为三倍。</translation>
    </message>
    <message>
        <source>Super-resolved:</source>
        <translation type="unfinished">超分辨率：</translation>
    </message>
    <message>
        <source>The regions that the network attends to, four times as fine in plane, as a new volume beside the input, which stays as it is. What is synthetic in it is guessed, not measured.</source>
        <translation type="unfinished">网络所关注的区域，平面内精细四倍，作为输入旁边的新体数据；输入保持不变。其中合成的部分是推测的，而非测量所得。</translation>
    </message>
    <message>
        <source>Uncertainty map and confidence</source>
        <translation type="unfinished">不确定性图与置信度</translation>
    </message>
    <message>
        <source>Several forward passes over every slice, changed a little: how far they agree says how far to trust the result. Takes four times as long.</source>
        <translation type="unfinished">对每个略作改动的切片进行多次前向计算：一致程度说明结果的可信程度。耗时为四倍。</translation>
    </message>
    <message>
        <source>Install PyTorch...</source>
        <translation type="unfinished">安装 PyTorch...</translation>
    </message>
    <message>
        <source>PyTorch uses the graphics card, runs every model, and makes heat maps and super-resolved volumes.</source>
        <translation type="unfinished">PyTorch 使用显卡，能运行所有模型，并生成热图和超分辨率体数据。</translation>
    </message>
    <message>
        <source>Models</source>
        <translation type="unfinished">模型</translation>
    </message>
    <message>
        <source>Model</source>
        <translation type="unfinished">模型</translation>
    </message>
    <message>
        <source>What to look for. More models: section Models below. Several at once: Advanced.</source>
        <translation type="unfinished">要查找的内容。更多模型：见下方“模型”部分。同时使用多个：见“高级”。</translation>
    </message>
    <message>
        <source>Which?</source>
        <translation type="unfinished">哪个？</translation>
    </message>
    <message>
        <source>Which model? Each installed one looks at a dozen slices, and says whether it knows such images. None is chosen.</source>
        <translation type="unfinished">哪个模型？每个已安装的模型查看十余个切片，并说明是否认识此类图像。不会自动选择。</translation>
    </message>
    <message>
        <source>Double-click a model to choose it.</source>
        <translation type="unfinished">双击模型即可选择。</translation>
    </message>
    <message>
        <source>Judged</source>
        <translation type="unfinished">判断</translation>
    </message>
    <message>
        <source>Unlike</source>
        <translation type="unfinished">不同</translation>
    </message>
    <message>
        <source>Slices further from the model&apos;s training images than 99% of the images kept for validation</source>
        <translation type="unfinished">与模型训练图像的距离超过99%验证图像的切片</translation>
    </message>
    <message>
        <source>Also run:</source>
        <translation type="unfinished">同时运行：</translation>
    </message>
    <message>
        <source>Models that look at the volume besides the chosen one. Each adds a segmentation and a table of its own, &quot;NAME - MODEL&quot;; none is replaced.</source>
        <translation type="unfinished">除所选模型外还查看该体数据的模型。每个模型各添加一个分割和一个表格（“名称 - 模型”）；不替换任何内容。</translation>
    </message>
    <message>
        <source>State</source>
        <translation type="unfinished">状态</translation>
    </message>
    <message>
        <source>Version:</source>
        <translation type="unfinished">版本：</translation>
    </message>
    <message>
        <source>Versions of the selected model that can be downloaded. One that is older than the installed one takes its place, until you update.</source>
        <translation type="unfinished">所选模型可下载的版本。选择比已安装版本更旧的版本会取代它，直到您更新为止。</translation>
    </message>
    <message>
        <source>Download...</source>
        <translation type="unfinished">下载...</translation>
    </message>
    <message>
        <source>Import folder...</source>
        <translation type="unfinished">导入文件夹...</translation>
    </message>
    <message>
        <source>A model&apos;s folder (model.json and weights), for example from unifiedvit-train export.</source>
        <translation type="unfinished">模型的文件夹（model.json 和权重），例如由 unifiedvit-train export 生成。</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation type="unfinished">移除</translation>
    </message>
    <message>
        <source>Repositories:</source>
        <translation type="unfinished">模型库：</translation>
    </message>
    <message>
        <source>Where models can be downloaded from. Nothing is asked without a click.</source>
        <translation type="unfinished">模型的下载来源。不点击就不会联网查询。</translation>
    </message>
    <message>
        <source>Look for updates</source>
        <translation type="unfinished">检查更新</translation>
    </message>
    <message>
        <source>Asks all repositories which models and versions they have now.</source>
        <translation type="unfinished">向所有模型库查询当前有哪些模型和版本。</translation>
    </message>
    <message>
        <source>Forget</source>
        <translation type="unfinished">移除登记</translation>
    </message>
    <message>
        <source>Takes the selected repository off the list. Models that came from it stay.</source>
        <translation type="unfinished">将所选模型库从列表中移除。来自它的模型会保留。</translation>
    </message>
    <message>
        <source>https://... or a folder</source>
        <translation type="unfinished">https://... 或文件夹</translation>
    </message>
    <message>
        <source>Address of a model repository, as its publisher says it.</source>
        <translation type="unfinished">模型库的地址，由发布者提供。</translation>
    </message>
    <message>
        <source>Key (optional)</source>
        <translation type="unfinished">密钥（可选）</translation>
    </message>
    <message>
        <source>Public key of the publisher. With it, nothing is taken that the publisher has not signed.</source>
        <translation type="unfinished">发布者的公钥。填写后，未经发布者签名的内容一律不接受。</translation>
    </message>
    <message>
        <source>Add repository</source>
        <translation type="unfinished">添加模型库</translation>
    </message>
    <message>
        <source>Keep models elsewhere...</source>
        <translation type="unfinished">将模型保存到别处...</translation>
    </message>
    <message>
        <source>Clear cache...</source>
        <translation type="unfinished">清空缓存...</translation>
    </message>
    <message>
        <source>Removes all downloaded and imported models, and the networks that were compiled for this computer.</source>
        <translation type="unfinished">移除所有已下载和导入的模型，以及为本机编译的网络。</translation>
    </message>
    <message>
        <source>Run</source>
        <translation type="unfinished">运行</translation>
    </message>
    <message>
        <source>Result</source>
        <translation type="unfinished">结果</translation>
    </message>
    <message>
        <source>Heat map</source>
        <translation type="unfinished">热图</translation>
    </message>
    <message>
        <source>Uncertainty</source>
        <translation type="unfinished">不确定性</translation>
    </message>
    <message>
        <source>Where the outline is uncertain: entropy over all passes, from clear (sure) over blue and green to yellow</source>
        <translation type="unfinished">轮廓不确定之处：各次计算的熵，从透明（确定）经蓝色和绿色到黄色</translation>
    </message>
    <message>
        <source>Opacity of the map over the slices</source>
        <translation type="unfinished">图在切片上的不透明度</translation>
    </message>
    <message>
        <source>Show 3D</source>
        <translation type="unfinished">显示 3D</translation>
    </message>
    <message>
        <source>Jump to lesion</source>
        <translation type="unfinished">跳到病灶</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation type="unfinished">撤销</translation>
    </message>
    <message>
        <source>Takes this result out of the scene and brings back what it replaced.</source>
        <translation type="unfinished">从场景中移除此结果，并恢复被它替换的内容。</translation>
    </message>
    <message>
        <source>Save report...</source>
        <translation type="unfinished">保存报告...</translation>
    </message>
    <message>
        <source>Copy as text</source>
        <translation type="unfinished">复制为文本</translation>
    </message>
    <message>
        <source>Save as DICOM...</source>
        <translation type="unfinished">存为 DICOM...</translation>
    </message>
    <message>
        <source>What runs the networks</source>
        <translation type="unfinished">运行网络的组件</translation>
    </message>
    <message>
        <source>Where the result goes. A result of the same volume is replaced (Undo brings it back). Results of other volumes stay, as does what somebody has drawn or written: then a new one is made.</source>
        <translation type="unfinished">结果的去向。同一体数据的结果会被替换（“撤销”可恢复）。其他体数据的结果以及用户勾画或写入的内容会保留：此时会新建一个分割。</translation>
    </message>
    <message>
        <source>Computer:</source>
        <translation type="unfinished">计算机:</translation>
    </message>
    <message>
        <source>This computer, or one of your group on which unifiedvit serve runs. Batch, Sequence and Which? always compute here.</source>
        <translation type="unfinished">本机,或您小组中运行 unifiedvit serve 的计算机。批处理、序列和“哪个?”始终在本机计算。</translation>
    </message>
    <message>
        <source>Address:</source>
        <translation type="unfinished">地址:</translation>
    </message>
    <message>
        <source>Of the server, as its administrator says it.</source>
        <translation type="unfinished">服务器的地址,由其管理员告知。</translation>
    </message>
    <message>
        <source>Key:</source>
        <translation type="unfinished">密钥:</translation>
    </message>
    <message>
        <source>Your key for the server. It is kept in the application&apos;s settings, readable for whoever can read your files, and never in a scene.</source>
        <translation type="unfinished">您的服务器密钥。它保存在应用程序的设置中,能读取您文件的人都能看到,且从不写入场景。</translation>
    </message>
    <message>
        <source>Test connection</source>
        <translation type="unfinished">测试连接</translation>
    </message>
    <message>
        <source>Asks the server which models it has. No image is sent.</source>
        <translation type="unfinished">询问服务器有哪些模型。不发送任何图像。</translation>
    </message>
    <message>
        <source>Run sends the volume&apos;s voxels and geometry there, without names.</source>
        <translation type="unfinished">运行会把体数据的体素和几何信息发送到那里,不含名称。</translation>
    </message>
    <message>
        <source>Import file...</source>
        <translation type="unfinished">导入文件...</translation>
    </message>
    <message>
        <source>A model&apos;s .zip, or the model.json in its folder; it is checked first.</source>
        <translation type="unfinished">模型的 .zip，或其文件夹中的 model.json；会先进行检查。</translation>
    </message>
    <message>
        <source>Address of a model repository</source>
        <translation type="unfinished">模型仓库的地址</translation>
    </message>
    <message>
        <source>Patient</source>
        <translation type="unfinished">患者</translation>
    </message>
    <message>
        <source>One diagnosis of several images of a patient, and what else is known: check the results that are of this patient.</source>
        <translation type="unfinished">由一名患者的多幅图像及其他已知信息得出一个诊断：请勾选属于该患者的结果。</translation>
    </message>
    <message>
        <source>Results of the patient</source>
        <translation type="unfinished">该患者的结果</translation>
    </message>
    <message>
        <source>Results of the chosen model in this scene. Those of other patients than that of the chosen volume are left out, where the DICOM module knows them.</source>
        <translation type="unfinished">此场景中所选模型的结果。若 DICOM 模块知道患者身份，则不列出与所选体数据不同患者的结果。</translation>
    </message>
    <message>
        <source>Diagnose patient</source>
        <translation type="unfinished">诊断患者</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation type="unfinished">比较</translation>
    </message>
    <message>
        <source>A:</source>
        <translation type="unfinished">A：</translation>
    </message>
    <message>
        <source>Before, or the reference: a result, or an expert&apos;s segmentation.</source>
        <translation type="unfinished">之前的，或参考标准：一个结果，或专家的分割。</translation>
    </message>
    <message>
        <source>Before, or the reference</source>
        <translation type="unfinished">之前，或参考标准</translation>
    </message>
    <message>
        <source>B:</source>
        <translation type="unfinished">B：</translation>
    </message>
    <message>
        <source>After, or what is held against A: another date, another model.</source>
        <translation type="unfinished">之后的，或与 A 比较的：另一日期、另一模型。</translation>
    </message>
    <message>
        <source>After, or another model</source>
        <translation type="unfinished">之后，或另一模型</translation>
    </message>
    <message>
        <source>Segment</source>
        <translation type="unfinished">分割段</translation>
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
        <translation type="unfinished">显示差异</translation>
    </message>
    <message>
        <source>Adds a segmentation of what is drawn in A alone, in both, and in B alone.</source>
        <translation type="unfinished">添加一个分割：仅在 A 中、在两者中以及仅在 B 中勾画的部分。</translation>
    </message>
    <message>
        <source>Takes the table and the difference of this comparison out of the scene.</source>
        <translation type="unfinished">从场景中移除此次比较的表格和差异。</translation>
    </message>
    <message>
        <source>Sequence</source>
        <translation type="unfinished">序列</translation>
    </message>
    <message>
        <source>Every item of a sequence of volumes, with the model, the device, the plane and mirrored slices as chosen above. Segmentations that play with the volumes, a table over time and a plot are added to the scene.</source>
        <translation type="unfinished">对体数据序列的每一项，使用上面选择的模型、设备、平面和镜像切片。与体数据一同播放的分割、随时间变化的表格和图表会添加到场景中。</translation>
    </message>
    <message>
        <source>Sequence:</source>
        <translation type="unfinished">序列：</translation>
    </message>
    <message>
        <source>A sequence of volumes over time, as the module Sequences has it.</source>
        <translation type="unfinished">随时间变化的体数据序列，即模块 Sequences 中的序列。</translation>
    </message>
    <message>
        <source>Select a sequence</source>
        <translation type="unfinished">选择序列</translation>
    </message>
    <message>
        <source>Run sequence</source>
        <translation type="unfinished">运行序列</translation>
    </message>
    <message>
        <source>Double-click an item, or press Enter on it, to show it.</source>
        <translation type="unfinished">双击某一项或在其上按回车键以显示。</translation>
    </message>
    <message>
        <source>Item</source>
        <translation type="unfinished">项</translation>
    </message>
    <message>
        <source>Show plot</source>
        <translation type="unfinished">显示图表</translation>
    </message>
    <message>
        <source>Shows the mL of each segment over the sequence.</source>
        <translation type="unfinished">显示每个分割段在序列中的体积 (mL)。</translation>
    </message>
    <message>
        <source>Takes the segmentations, the table and the plot of the last run out of the scene.</source>
        <translation type="unfinished">将上次运行的分割、表格和曲线图从场景中移除。</translation>
    </message>
    <message>
        <source>Batch</source>
        <translation type="unfinished">批处理</translation>
    </message>
    <message>
        <source>Images:</source>
        <translation type="unfinished">图像：</translation>
    </message>
    <message>
        <source>A folder of NRRD, NIfTI, MetaImage, DICOM, PNG or JPEG files, or of folders with a DICOM series each.</source>
        <translation type="unfinished">包含 NRRD、NIfTI、MetaImage、DICOM、PNG 或 JPEG 文件的文件夹，或包含若干 DICOM 序列文件夹的文件夹。</translation>
    </message>
    <message>
        <source>Choose a folder</source>
        <translation type="unfinished">选择文件夹</translation>
    </message>
    <message>
        <source>Results:</source>
        <translation type="unfinished">结果：</translation>
    </message>
    <message>
        <source>Takes the segmentation, the JSON and the report of each image, and results.csv over all. Results that are there already, and still fit, are not computed again.</source>
        <translation type="unfinished">存放每幅图像的分割、JSON 和报告，以及汇总全部的 results.csv。已存在且仍然有效的结果不会重新计算。</translation>
    </message>
    <message>
        <source>Pattern:</source>
        <translation type="unfinished">文件名模式：</translation>
    </message>
    <message>
        <source>all images</source>
        <translation type="unfinished">所有图像</translation>
    </message>
    <message>
        <source>Which file names count, for example *_t1ce.nii.gz; of a DICOM series, the name of its folder.</source>
        <translation type="unfinished">哪些文件名参与处理，例如 *_t1ce.nii.gz；对于 DICOM 序列，为其文件夹名称。</translation>
    </message>
    <message>
        <source>With subfolders</source>
        <translation type="unfinished">包含子文件夹</translation>
    </message>
    <message>
        <source>Run batch</source>
        <translation type="unfinished">运行批处理</translation>
    </message>
    <message>
        <source>Image</source>
        <translation type="unfinished">图像</translation>
    </message>
    <message>
        <source>Status</source>
        <translation type="unfinished">状态</translation>
    </message>
    <message>
        <source>Diagnosis</source>
        <translation type="unfinished">诊断</translation>
    </message>
    <message>
        <source>Every image of a folder, with the models, the device and the Advanced options chosen above (no region, no probability maps). The scene stays as it is; double-click a finished image, or press Enter on it, to load it with its result.</source>
        <translation type="unfinished">对文件夹中的每幅图像，使用上面选择的模型、设备和高级选项（不使用感兴趣区域和概率图）。场景保持不变；双击已完成的图像或在其上按回车键，可连同结果一起加载。</translation>
    </message>
    <message>
        <source>Probability of the diagnosis</source>
        <translation type="unfinished">诊断的概率</translation>
    </message>
    <message>
        <source>Volume of all that is drawn</source>
        <translation type="unfinished">所有勾画部分的体积</translation>
    </message>
    <message>
        <source>Number of warnings</source>
        <translation type="unfinished">警告数量</translation>
    </message>
    <message>
        <source>List results</source>
        <translation type="unfinished">列出结果</translation>
    </message>
    <message>
        <source>Lists what lies in the results folder, whoever computed it, results of a region too. Nothing is computed.</source>
        <translation type="unfinished">列出结果文件夹中的内容，无论由谁计算，包括感兴趣区域的结果。不进行任何计算。</translation>
    </message>
    <message>
        <source>Open results folder</source>
        <translation type="unfinished">打开结果文件夹</translation>
    </message>
    <message>
        <source>There, results.csv lists all results of the folder.</source>
        <translation type="unfinished">其中的 results.csv 列出该文件夹的所有结果。</translation>
    </message>
    <message>
        <source>Teach</source>
        <translation type="unfinished">教学</translation>
    </message>
    <message>
        <source>Diagnosis:</source>
        <translation type="unfinished">诊断：</translation>
    </message>
    <message>
        <source>What it is: as the model says, another of its classes, or not known. Several findings at once: from the Python console.</source>
        <translation type="unfinished">是什么：与模型所说一致、模型的其他类别，或未知。同时有多个发现时，请用 Python 控制台。</translation>
    </message>
    <message>
        <source>Reviewer:</source>
        <translation type="unfinished">审阅者：</translation>
    </message>
    <message>
        <source>Who corrected it: a name, initials or a number of your choice. It is written into the dataset.</source>
        <translation type="unfinished">由谁修正：您自选的姓名、缩写或编号。会写入数据集。</translation>
    </message>
    <message>
        <source>Patient:</source>
        <translation type="unfinished">患者：</translation>
    </message>
    <message>
        <source>Any text that tells patients apart; only a pseudonym is kept. Left empty: the DICOM PatientID, else the folder of the volume&apos;s file.</source>
        <translation type="unfinished">任何能区分患者的文字；只保存化名。留空时：用 DICOM 的 PatientID，没有则用体数据文件所在的文件夹。</translation>
    </message>
    <message>
        <source>By DICOM, or by folder</source>
        <translation type="unfinished">按 DICOM 或文件夹</translation>
    </message>
    <message>
        <source>Dataset:</source>
        <translation type="unfinished">数据集：</translation>
    </message>
    <message>
        <source>Folder of the dataset on this computer; made if it is not there.</source>
        <translation type="unfinished">本机上数据集的文件夹；不存在时会创建。</translation>
    </message>
    <message>
        <source>Choose...</source>
        <translation type="unfinished">选择...</translation>
    </message>
    <message>
        <source>Add to my dataset</source>
        <translation type="unfinished">加入我的数据集</translation>
    </message>
    <message>
        <source>Takes the case that was added last out of the dataset.</source>
        <translation type="unfinished">将最后加入的病例从数据集中取出。</translation>
    </message>
    <message>
        <source>Reference:</source>
        <translation type="unfinished">参考数据：</translation>
    </message>
    <message>
        <source>Folder of cases that the model was made for, with images/, masks/ and labels.csv: on these the new model may not be worse. May be left empty.</source>
        <translation type="unfinished">模型原本所针对病例的文件夹，含 images/、masks/ 和 labels.csv：新模型在这些病例上不得更差。可留空。</translation>
    </message>
    <message>
        <source>None</source>
        <translation type="unfinished">无</translation>
    </message>
    <message>
        <source>Choose the folder of the reference</source>
        <translation type="unfinished">选择参考数据的文件夹</translation>
    </message>
    <message>
        <source>Adapt the model</source>
        <translation type="unfinished">调整模型</translation>
    </message>
    <message>
        <source>Log</source>
        <translation type="unfinished">日志</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.adapting</name>
    <message>
        <source>Folder of the reference</source>
        <translation type="unfinished">参考数据的文件夹</translation>
    </message>
    <message>
        <source>Starting...</source>
        <translation type="unfinished">正在启动...</translation>
    </message>
    <message>
        <source>Cancelled. What was learnt is kept: Adapt the model goes on from there.</source>
        <translation type="unfinished">已取消。已学到的内容会保留：“调整模型”会从那里继续。</translation>
    </message>
    <message>
        <source>Cancelled.</source>
        <translation type="unfinished">已取消。</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">正在取消...</translation>
    </message>
    <message>
        <source>The chosen model learns from the dataset. The new one is installed only if it is better on patients kept apart.</source>
        <translation type="unfinished">所选模型从数据集中学习。只有在预留的患者上表现更好时，才会安装新模型。</translation>
    </message>
    <message>
        <source>A model and the folder of a dataset are needed first.</source>
        <translation type="unfinished">首先需要一个模型和一个数据集的文件夹。</translation>
    </message>
    <message>
        <source>Not adapted: the licence of the weights was not agreed to.</source>
        <translation type="unfinished">未调整：未同意权重的许可。</translation>
    </message>
    <message>
        <source>Whether it still does as well elsewhere was not checked: give a reference for that.</source>
        <translation type="unfinished">未检查它在其他地方是否仍然同样好：为此请提供参考数据。</translation>
    </message>
    <message>
        <source>Cancel adapting</source>
        <translation type="unfinished">取消调整</translation>
    </message>
    <message>
        <source>Adapt the model</source>
        <translation type="unfinished">调整模型</translation>
    </message>
    <message>
        <source>Slicer is installing packages for another module. Wait until that has ended, then try again.</source>
        <translation type="unfinished">Slicer 正在为另一个模块安装软件包。请等其结束后再试。</translation>
    </message>
    <message>
        <source>{stage} (about {left} left)</source>
        <translation type="unfinished">{stage}（约剩 {left}）</translation>
    </message>
    <message>
        <source>{error} What was learnt is kept: Adapt the model goes on from there.</source>
        <translation type="unfinished">{error} 已学到的内容会保留：“调整模型”会从那里继续。</translation>
    </message>
    <message>
        <source>To adapt a model, PyTorch is needed: {problems} Install it by the box at the top of the panel, then adapt again.</source>
        <translation type="unfinished">调整模型需要 PyTorch：{problems} 请通过面板顶部的框安装它，然后再次调整。</translation>
    </message>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>{name} ({model} {version}) is in the list of models now. Choose it there to use it.</source>
        <translation type="unfinished">{name}（{model} {version}）现已在模型列表中。要使用它，请在那里选择。</translation>
    </message>
    <message>
        <source>Nothing was installed, so that the model cannot be adapted: {problems}</source>
        <translation type="unfinished">未安装任何内容，因此无法调整模型：{problems}</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.batch</name>
    <message>
        <source>Choose a folder</source>
        <translation type="unfinished">选择文件夹</translation>
    </message>
    <message>
        <source>Starting...</source>
        <translation type="unfinished">正在启动...</translation>
    </message>
    <message>
        <source>{number} of {count}, {left} left</source>
        <translation type="unfinished">{number} / {count}，剩余 {left}</translation>
    </message>
    <message>
        <source>{number} of {count}</source>
        <translation type="unfinished">{number} / {count}</translation>
    </message>
    <message>
        <source>There is no image of this pattern in the folder.</source>
        <translation type="unfinished">文件夹中没有符合此模式的图像。</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">正在取消...</translation>
    </message>
    <message>
        <source>Choose the folder with the images, and one for the results.</source>
        <translation type="unfinished">请选择图像所在的文件夹和存放结果的文件夹。</translation>
    </message>
    <message>
        <source>Not run: a model that is also to run is not installed. Uncheck it under Advanced, or see section Models.</source>
        <translation type="unfinished">未运行：另一个要运行的模型未安装。请在高级选项中取消勾选，或参见模型部分。</translation>
    </message>
    <message>
        <source>Not run: the licence of the weights was not agreed to.</source>
        <translation type="unfinished">未运行：未同意权重的许可。</translation>
    </message>
    <message>
        <source>Choose the folder with the results.</source>
        <translation type="unfinished">请选择结果文件夹。</translation>
    </message>
    <message>
        <source>{parts}. {table} in the results folder lists all.</source>
        <translation type="unfinished">{parts}。结果文件夹中的 {table} 列出全部。</translation>
    </message>
    <message>
        <source>Cancel batch</source>
        <translation type="unfinished">取消批处理</translation>
    </message>
    <message>
        <source>Run batch on the server</source>
        <translation type="unfinished">在服务器上运行批处理</translation>
    </message>
    <message>
        <source>Run batch</source>
        <translation type="unfinished">运行批处理</translation>
    </message>
    <message>
        <source>Results in the folder: {count}.</source>
        <translation type="unfinished">文件夹中的结果：{count} 个。</translation>
    </message>
    <message>
        <source>Cancelled. What is done is kept: Run batch goes on from there.</source>
        <translation type="unfinished">已取消。已完成的结果会保留：再次运行批处理将从此处继续。</translation>
    </message>
    <message>
        <source>{done} done</source>
        <translation type="unfinished">{done} 个完成</translation>
    </message>
    <message>
        <source> ({before} of them before)</source>
        <translation type="unfinished"> （其中 {before} 个此前已完成）</translation>
    </message>
    <message>
        <source>{failed} failed</source>
        <translation type="unfinished">{failed} 个失败</translation>
    </message>
    <message>
        <source>{review} uncertain, to be reviewed</source>
        <translation type="unfinished">{review} 个不确定，需复核</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.batchtable</name>
    <message>
        <source>failed</source>
        <translation type="unfinished">失败</translation>
    </message>
    <message>
        <source>changed</source>
        <translation type="unfinished">已更改</translation>
    </message>
    <message>
        <source>incomplete</source>
        <translation type="unfinished">不完整</translation>
    </message>
    <message>
        <source>done (before)</source>
        <translation type="unfinished">完成（此前）</translation>
    </message>
    <message>
        <source>done</source>
        <translation type="unfinished">完成</translation>
    </message>
    <message>
        <source>uncertain (before)</source>
        <translation type="unfinished">不确定（此前）</translation>
    </message>
    <message>
        <source>uncertain</source>
        <translation type="unfinished">不确定</translation>
    </message>
    <message>
        <source>Confidence {confidence}: to be reviewed</source>
        <translation type="unfinished">置信度 {confidence}：需复核</translation>
    </message>
    <message>
        <source>{status}, region only</source>
        <translation type="unfinished">{status}，仅感兴趣区域</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.cases</name>
    <message>
        <source>A case is being loaded. Wait a moment.</source>
        <translation type="unfinished">正在加载一个病例。请稍候。</translation>
    </message>
    <message>
        <source>{name} is loaded with its result, as after a run; Undo takes both away.</source>
        <translation type="unfinished">{name} 已与其结果一起加载，如同运行之后；撤销会将两者移除。</translation>
    </message>
    <message>
        <source>{name} is of {model}, which is not installed in this version: see section Models.</source>
        <translation type="unfinished">{name} 来自 {model}，该版本未安装：请参见模型部分。</translation>
    </message>
    <message>
        <source>{name} is in the scene already.</source>
        <translation type="unfinished">{name} 已在场景中。</translation>
    </message>
    <message>
        <source>Loading {name}...</source>
        <translation type="unfinished">正在加载 {name}...</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.channels</name>
    <message>
        <source>Missing</source>
        <translation type="unfinished">缺失</translation>
    </message>
    <message>
        <source>Volume:</source>
        <translation type="unfinished">体数据：</translation>
    </message>
    <message>
        <source>{name} lies under a transform that flattens space, or is no number: nothing can be measured there. Take it out of the transform (module Transforms), then try again.</source>
        <translation type="unfinished">{name} 位于一个把空间压扁或不是数值的变换之下：在那里无法测量。请将其移出该变换（模块 Transforms），然后重试。</translation>
    </message>
    <message>
        <source>Volume ({channel}):</source>
        <translation type="unfinished">体数据（{channel}）：</translation>
    </message>
    <message>
        <source>{one} and {other} lie under different transforms that are not linear. Harden them (module Transforms), then run again.</source>
        <translation type="unfinished">{one} 和 {other} 处于不同的非线性变换之下。请先将其固化（Harden，Transforms 模块），然后重新运行。</translation>
    </message>
    <message>
        <source>{one} is of another patient than {other}, as their DICOM patient IDs say. Choose sequences of one patient.</source>
        <translation type="unfinished">根据 DICOM 患者 ID，{one} 与 {other} 不属于同一患者。请选择同一患者的序列。</translation>
    </message>
    <message>
        <source>{what}. Left empty, it is missing, and the model does without.</source>
        <translation type="unfinished">{what}。留空即视为缺失，模型将不使用它。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.charts</name>
    <message>
        <source>slice</source>
        <translation type="unfinished">切片</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.choices</name>
    <message>
        <source>as acquired (across the largest spacing)</source>
        <translation type="unfinished">按采集方向（垂直于最大间距）</translation>
    </message>
    <message>
        <source>axial</source>
        <translation type="unfinished">横断面</translation>
    </message>
    <message>
        <source>coronal</source>
        <translation type="unfinished">冠状面</translation>
    </message>
    <message>
        <source>sagittal</source>
        <translation type="unfinished">矢状面</translation>
    </message>
    <message>
        <source>none</source>
        <translation type="unfinished">无</translation>
    </message>
    <message>
        <source>what is attended to, by the learned upscaler (synthetic)</source>
        <translation type="unfinished">所关注的部分，由学习的上采样器生成（合成）</translation>
    </message>
    <message>
        <source>what is attended to, by Lanczos interpolation</source>
        <translation type="unfinished">所关注的部分，由 Lanczos 插值生成</translation>
    </message>
    <message>
        <source>kind of lesion right</source>
        <translation type="unfinished">病灶类型正确</translation>
    </message>
    <message>
        <source>accuracy</source>
        <translation type="unfinished">准确率</translation>
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
        <translation type="unfinished">所有发现均正确</translation>
    </message>
    <message>
        <source>Dice</source>
        <translation type="unfinished">Dice</translation>
    </message>
    <message>
        <source>diagnosis right</source>
        <translation type="unfinished">诊断正确</translation>
    </message>
    <message>
        <source>each finding right</source>
        <translation type="unfinished">每项发现正确</translation>
    </message>
    <message>
        <source>lesions found</source>
        <translation type="unfinished">检出的病灶</translation>
    </message>
    <message>
        <source>healthy slices left empty</source>
        <translation type="unfinished">健康切片保持空白</translation>
    </message>
    <message>
        <source>false pieces</source>
        <translation type="unfinished">误检碎片</translation>
    </message>
    <message>
        <source>of what speaks for the diagnosis</source>
        <translation type="unfinished">显示支持该诊断的依据</translation>
    </message>
    <message>
        <source>auto</source>
        <translation type="unfinished">自动</translation>
    </message>
    <message>
        <source>for {diagnosis}</source>
        <translation type="unfinished">针对 {diagnosis}</translation>
    </message>
    <message>
        <source>auto: {device}</source>
        <translation type="unfinished">自动：{device}</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.compare</name>
    <message>
        <source>The comparison was taken back.</source>
        <translation type="unfinished">比较已撤销。</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">正在取消...</translation>
    </message>
    <message>
        <source>Choose two segmentations first.</source>
        <translation type="unfinished">请先选择两个分割。</translation>
    </message>
    <message>
        <source>{name}: {before} mL, then {after} mL ({change} mL, {percent} %)</source>
        <translation type="unfinished">{name}：{before} mL，之后 {after} mL（{change} mL，{percent} %）</translation>
    </message>
    <message>
        <source>The segmentation that was compared is no longer in the scene.</source>
        <translation type="unfinished">所比较的分割已不在场景中。</translation>
    </message>
    <message>
        <source>A: {a}; B: {b}</source>
        <translation type="unfinished">A：{a}；B：{b}</translation>
    </message>
    <message>
        <source>Cancel comparing</source>
        <translation type="unfinished">取消比较</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation type="unfinished">比较</translation>
    </message>
    <message>
        <source>{name}: volumes are not known</source>
        <translation type="unfinished">{name}：体积未知</translation>
    </message>
    <message>
        <source>{name}: {before} mL, then {after} mL ({change} mL)</source>
        <translation type="unfinished">{name}：{before} mL，之后 {after} mL（{change} mL）</translation>
    </message>
    <message>
        <source>The comparison was cancelled.</source>
        <translation type="unfinished">比较已取消。</translation>
    </message>
    <message>
        <source>Not compared: the segmentation was removed meanwhile.</source>
        <translation type="unfinished">未比较：该分割已在此期间被移除。</translation>
    </message>
    <message>
        <source>Compared. The table is in the scene.</source>
        <translation type="unfinished">已比较。表格在场景中。</translation>
    </message>
    <message>
        <source>{names}: changed since the comparison. These numbers are of before: compare again.</source>
        <translation type="unfinished">{names}：在比较后被修改过。这些数字是修改之前的：请重新比较。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.comparednodes</name>
    <message>
        <source>Choose two segmentations to compare.</source>
        <translation type="unfinished">请选择两个分割进行比较。</translation>
    </message>
    <message>
        <source>segmentation</source>
        <translation type="unfinished">分割</translation>
    </message>
    <message>
        <source>{name} cannot be converted to a binary labelmap. Do so in the module Segmentations.</source>
        <translation type="unfinished">{name} 无法转换为二值标签图。请在 Segmentations 模块中转换。</translation>
    </message>
    <message>
        <source>{a} - {b} comparison</source>
        <translation type="unfinished">{a} - {b} 比较</translation>
    </message>
    <message>
        <source>{a} - {b} difference</source>
        <translation type="unfinished">{a} - {b} 差异</translation>
    </message>
    <message>
        <source>{name} is empty: draw a segment in it first.</source>
        <translation type="unfinished">{name} 为空：请先在其中勾画一个分割段。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.computer</name>
    <message>
        <source>This computer</source>
        <translation type="unfinished">本机</translation>
    </message>
    <message>
        <source>A server</source>
        <translation type="unfinished">服务器</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">正在取消...</translation>
    </message>
    <message>
        <source>A server needs an address and a key. Its administrator gives you both; or choose This computer.</source>
        <translation type="unfinished">服务器需要地址和密钥。两者均由其管理员提供;或者选择“本机”。</translation>
    </message>
    <message>
        <source>The server was not asked.</source>
        <translation type="unfinished">未询问服务器。</translation>
    </message>
    <message>
        <source>none</source>
        <translation type="unfinished">无</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">取消</translation>
    </message>
    <message>
        <source>Test connection</source>
        <translation type="unfinished">测试连接</translation>
    </message>
    <message>
        <source>Asking {place}</source>
        <translation type="unfinished">正在询问 {place}</translation>
    </message>
    <message>
        <source>{host} answers, takes the key, and has the models {models}.</source>
        <translation type="unfinished">{host} 已应答,接受了密钥,并有模型 {models}。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.consent</name>
    <message>
        <source>The weights of {model} may be used for non-commercial purposes alone: {licence}.

Use them for such a purpose? You are asked once.</source>
        <translation type="unfinished">{model} 的权重仅可用于非商业目的：{licence}。

是否用于此类目的？仅询问一次。</translation>
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
        <translation type="unfinished">没有可加入的 UnifiedViT 结果。请对体数据运行模型，修正其勾画，然后加入。</translation>
    </message>
    <message>
        <source>{name} does not know its volume: that is no longer in the scene, or {name} is a copy, or plays a sequence. Run on the volume again, and add that.</source>
        <translation type="unfinished">{name} 不知道自己的体数据：它已不在场景中，或者 {name} 是副本，或正在播放序列。请在该体数据上再次运行，然后添加该结果。</translation>
    </message>
    <message>
        <source>{volume} no longer has the voxels that {name} was drawn on: it was changed, or its sequence shows another item. Show that item again, or run again, then add.</source>
        <translation type="unfinished">{volume} 的体素已不是绘制 {name} 时的体素：它被修改过，或其序列显示了另一项。请重新显示该项，或再次运行，然后添加。</translation>
    </message>
    <message>
        <source>{name} has several results ({results}). Say which one, as segmentationNode.</source>
        <translation type="unfinished">{name} 有多个结果（{results}）。请用 segmentationNode 指明是哪一个。</translation>
    </message>
    <message>
        <source>{name} looks at several sequences: a dataset of corrections holds images of one alone.</source>
        <translation type="unfinished">{name} 查看多个序列：修正数据集只包含单一序列的图像。</translation>
    </message>
    <message>
        <source>{name} lies under a transform that bends space. Take it out of the transform (module Transforms), and its segmentation too, then add again.</source>
        <translation type="unfinished">{name} 位于一个使空间弯曲的变换之下。请将其及其分割移出该变换（模块 Transforms），然后重新加入。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.dicomresults</name>
    <message>
        <source>Only results of volumes that were loaded with Slicer&apos;s DICOM module can be saved as DICOM: they refer to the original images.</source>
        <translation type="unfinished">只有用 Slicer 的 DICOM 模块加载的体数据，其结果才能存为 DICOM：它们引用原始图像。</translation>
    </message>
    <message>
        <source>DICOM objects are made of results of this session alone, and there is none: a result that was loaded with a scene lacks what they need. Run again.</source>
        <translation type="unfinished">DICOM 对象只能由本次会话的结果生成，而目前没有：随场景加载的结果缺少所需内容。请重新运行。</translation>
    </message>
    <message>
        <source>{gone} of the {count} images of {name} are no longer in Slicer&apos;s DICOM database, or their files have gone. Import them again (module Add DICOM Data), then save.</source>
        <translation type="unfinished">{name} 的 {count} 幅图像中有 {gone} 幅已不在 Slicer 的 DICOM 数据库中，或其文件已丢失。请重新导入（Add DICOM Data 模块）后再保存。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.dicomview</name>
    <message>
        <source>{count} DICOM objects are written: {first} and others beside it.</source>
        <translation type="unfinished">已写入 {count} 个 DICOM 对象：{first}，其余在其旁边。</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">正在取消...</translation>
    </message>
    <message>
        <source>Mask, report, maps and picture as DICOM objects that refer to the original images: the result as it was computed, without later changes to its segments.</source>
        <translation type="unfinished">掩膜、报告、图和图片，作为引用原始图像的 DICOM 对象：即计算所得的结果，不含之后对分割段的修改。</translation>
    </message>
    <message>
        <source>Folder for the DICOM objects</source>
        <translation type="unfinished">DICOM 对象的文件夹</translation>
    </message>
    <message>
        <source>Add the objects to Slicer&apos;s DICOM database, too?</source>
        <translation type="unfinished">是否也将这些对象加入 Slicer 的 DICOM 数据库？</translation>
    </message>
    <message>
        <source>{count} DICOM objects are written and in Slicer&apos;s DICOM database: {first} and others beside it.</source>
        <translation type="unfinished">已写入 {count} 个 DICOM 对象并加入 Slicer 的 DICOM 数据库：{first}，其余在其旁边。</translation>
    </message>
    <message>
        <source>Cancel saving</source>
        <translation type="unfinished">取消保存</translation>
    </message>
    <message>
        <source>Save as DICOM...</source>
        <translation type="unfinished">存为 DICOM...</translation>
    </message>
    <message>
        <source>Not saved: the segments were changed since the run.</source>
        <translation type="unfinished">未保存：运行之后分割段已被修改。</translation>
    </message>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>The segments were changed since the run. The DICOM objects say what the model drew, without these changes, which Slicer&apos;s own export (Export to DICOM) writes. Write them?</source>
        <translation type="unfinished">运行之后分割段已被修改。DICOM 对象只包含模型所勾画的内容，不含这些修改；修改可用 Slicer 自带的导出（Export to DICOM）写入。是否写入？</translation>
    </message>
    <message>
        <source>Results as DICOM need the package highdicom with what it needs (about 20 MB). Packages that are already there stay as they are. Install now?</source>
        <translation type="unfinished">DICOM 结果需要 highdicom 软件包及其依赖（约 20 MB）。已有的软件包保持不变。现在安装吗？</translation>
    </message>
    <message>
        <source>Not saved: nothing was installed.</source>
        <translation type="unfinished">未保存：未安装任何内容。</translation>
    </message>
    <message>
        <source>Saving was cancelled.</source>
        <translation type="unfinished">保存已取消。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.furtherfiles</name>
    <message>
        <source>missing</source>
        <translation type="unfinished">缺失</translation>
    </message>
    <message>
        <source>{what}: the name of its file beside each image, with a * for what the * of the pattern stands for, for example *_{name}.nii.gz beside *_t1c.nii.gz. Left empty, it is missing, and the model does without.</source>
        <translation type="unfinished">{what}：每幅图像旁该序列文件的名称，用 * 表示模式中 * 所代表的内容，例如 *_t1c.nii.gz 旁的 *_{name}.nii.gz。留空则视为缺失，模型将不使用它。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.maps</name>
    <message>
        <source>Heat map: {diagnosis}</source>
        <translation type="unfinished">热图：{diagnosis}</translation>
    </message>
    <message>
        <source>What speaks for {diagnosis}, by {method}</source>
        <translation type="unfinished">支持 {diagnosis} 的依据，方法：{method}</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.models</name>
    <message>
        <source>Downloaded and imported models: {models:.1f} MB, networks compiled for this computer: {compiled:.1f} MB; in {folder}</source>
        <translation type="unfinished">已下载和导入的模型：{models:.1f} MB，为本机编译的网络：{compiled:.1f} MB；位于 {folder}</translation>
    </message>
    <message>
        <source>Download {name} {version} ({size:.0f} MB)? Its weights are under {licence}. It is kept in {folder}.</source>
        <translation type="unfinished">下载 {name} {version}（{size:.0f} MB）吗？其权重的许可为 {licence}。将保存在 {folder}。</translation>
    </message>
    <message>
        <source>Remove all downloaded and imported models, and networks compiled for this computer, which are compiled again when they are needed ({size:.1f} MB), from {folder}?</source>
        <translation type="unfinished">从 {folder} 移除所有已下载和导入的模型，以及为本机编译的网络（需要时会重新编译；{size:.1f} MB）吗？</translation>
    </message>
    <message>
        <source>{version} (installed)</source>
        <translation type="unfinished">{version}（已安装）</translation>
    </message>
    <message>
        <source>comes with UnifiedViT</source>
        <translation type="unfinished">随 UnifiedViT 提供</translation>
    </message>
    <message>
        <source>installed</source>
        <translation type="unfinished">已安装</translation>
    </message>
    <message>
        <source>update available</source>
        <translation type="unfinished">有更新</translation>
    </message>
    <message>
        <source>to download</source>
        <translation type="unfinished">可下载</translation>
    </message>
    <message>
        <source>not to be had</source>
        <translation type="unfinished">不可获取</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">正在取消...</translation>
    </message>
    <message>
        <source>Folder for downloaded models</source>
        <translation type="unfinished">下载模型的文件夹</translation>
    </message>
    <message>
        <source>no folder</source>
        <translation type="unfinished">无文件夹</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">取消</translation>
    </message>
    <message>
        <source>Download...</source>
        <translation type="unfinished">下载...</translation>
    </message>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>A model&apos;s folder</source>
        <translation type="unfinished">模型的文件夹</translation>
    </message>
    <message>
        <source>The model was removed.</source>
        <translation type="unfinished">模型已移除。</translation>
    </message>
    <message>
        <source>All downloaded and imported models and all compiled networks were removed.</source>
        <translation type="unfinished">所有已下载和导入的模型以及所有已编译的网络均已移除。</translation>
    </message>
    <message>
        <source>{state}, {size:.1f} MB</source>
        <translation type="unfinished">{state}, {size:.1f} MB</translation>
    </message>
    <message>
        <source>Needs PyTorch.</source>
        <translation type="unfinished">需要 PyTorch。</translation>
    </message>
    <message>
        <source>Version {version}, which it took the place of, is used again.</source>
        <translation type="unfinished">被它取代的版本 {version} 将重新使用。</translation>
    </message>
    <message>
        <source>{state}, {place}</source>
        <translation type="unfinished">{state}，{place}</translation>
    </message>
    <message>
        <source>It comes from {place}.</source>
        <translation type="unfinished">来自 {place}。</translation>
    </message>
    <message>
        <source>It takes the place of version {version}.</source>
        <translation type="unfinished">它将取代版本 {version}。</translation>
    </message>
    <message>
        <source>Remove {name} {version} from {folder}?</source>
        <translation type="unfinished">从 {folder} 移除 {name} {version} 吗？</translation>
    </message>
    <message>
        <source>Models are kept in {folder} from now on.</source>
        <translation type="unfinished">今后模型保存在 {folder}。</translation>
    </message>
    <message>
        <source>Cancelled. What is there already is kept for next time.</source>
        <translation type="unfinished">已取消。已有的部分留待下次使用。</translation>
    </message>
    <message>
        <source>A model&apos;s .zip, or its model.json</source>
        <translation type="unfinished">模型的 .zip，或其 model.json</translation>
    </message>
    <message>
        <source>Models (*.zip model.json)</source>
        <translation type="unfinished">模型 (*.zip model.json)</translation>
    </message>
    <message>
        <source>The model is installed.</source>
        <translation type="unfinished">模型已安装。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.panel</name>
    <message>
        <source>{value} (not installed)</source>
        <translation type="unfinished">{value}（未安装）</translation>
    </message>
    <message>
        <source>{value} (not available here)</source>
        <translation type="unfinished">{value}（此处不可用）</translation>
    </message>
    <message>
        <source>Model {model} is not installed: choose another, or see section Models.</source>
        <translation type="unfinished">模型 {model} 未安装：请另选一个，或见“模型”一节。</translation>
    </message>
    <message>
        <source>Starting...</source>
        <translation type="unfinished">正在启动...</translation>
    </message>
    <message>
        <source>The result was taken back.</source>
        <translation type="unfinished">结果已撤销。</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">正在取消...</translation>
    </message>
    <message>
        <source>Ctrl+Enter runs, Esc cancels.</source>
        <translation type="unfinished">Ctrl+Enter 运行，Esc 取消。</translation>
    </message>
    <message>
        <source>Choose a volume and a model first.</source>
        <translation type="unfinished">请先选择体数据和模型。</translation>
    </message>
    <message>
        <source>for {value} (not of this model)</source>
        <translation type="unfinished">针对 {value}（非此模型）</translation>
    </message>
    <message>
        <source>Cancelled. The scene is as it was.</source>
        <translation type="unfinished">已取消。场景未改变。</translation>
    </message>
    <message>
        <source>Not run: the licence of the weights was not agreed to.</source>
        <translation type="unfinished">未运行：未同意权重的许可。</translation>
    </message>
    <message>
        <source>The volume was removed from the scene: its run was ended.</source>
        <translation type="unfinished">体数据已从场景中移除：其运行已终止。</translation>
    </message>
    <message>
        <source>A run is under way. Wait until it has ended, then load the case again.</source>
        <translation type="unfinished">正在运行。请等待其结束，然后重新加载该病例。</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">取消</translation>
    </message>
    <message>
        <source>Run on the server</source>
        <translation type="unfinished">在服务器上运行</translation>
    </message>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>Run</source>
        <translation type="unfinished">运行</translation>
    </message>
    <message>
        <source>The result could not be put into the scene, which is as it was ({error}). Free memory and run again; if that does not help, please report it.</source>
        <translation type="unfinished">结果无法放入场景，场景保持原样（{error}）。请释放内存后重新运行；如仍无效，请报告此问题。</translation>
    </message>
    <message>
        <source>Run {count} models</source>
        <translation type="unfinished">运行 {count} 个模型</translation>
    </message>
    <message>
        <source>&lt;b&gt;Expects&lt;/b&gt; {what}</source>
        <translation type="unfinished">&lt;b&gt;适用于&lt;/b&gt; {what}</translation>
    </message>
    <message>
        <source>Not taken back: the result was changed since the run.</source>
        <translation type="unfinished">未收回：结果在运行后被修改过。</translation>
    </message>
    <message>
        <source>&lt;b&gt;Weights&lt;/b&gt; {licence}</source>
        <translation type="unfinished">&lt;b&gt;权重&lt;/b&gt; {licence}</translation>
    </message>
    <message>
        <source>Done in {seconds:.1f} s.</source>
        <translation type="unfinished">用时 {seconds:.1f} 秒，已完成。</translation>
    </message>
    <message>
        <source>Segments, names or the table of the result were changed since the run. Undo takes these changes away too. Take the result back?</source>
        <translation type="unfinished">结果的分割段、名称或表格在运行后被修改过。“撤销”也会去掉这些修改。要收回结果吗？</translation>
    </message>
    <message>
        <source> (about {seconds:.0f} s left)</source>
        <translation type="unfinished"> (约剩 {seconds:.0f} 秒)</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.patient</name>
    <message>
        <source>Choose at least one result of UnifiedViT.</source>
        <translation type="unfinished">请至少选择一个 UnifiedViT 的结果。</translation>
    </message>
    <message>
        <source>{name}: {value}</source>
        <translation type="unfinished">{name}：{value}</translation>
    </message>
    <message>
        <source>{name}: {value} (without it, {diagnosis} {probability})</source>
        <translation type="unfinished">{name}：{value}（若没有它，{diagnosis} {probability}）</translation>
    </message>
    <message>
        <source>Missing</source>
        <translation type="unfinished">缺失</translation>
    </message>
    <message>
        <source>{name} is of another patient than {other}. Choose the images of one patient.</source>
        <translation type="unfinished">{name} 与 {other} 属于不同的患者。请选择同一名患者的图像。</translation>
    </message>
    <message>
        <source>The result {name} of this scene is damaged. Run the model again.</source>
        <translation type="unfinished">此场景中的结果 {name} 已损坏。请重新运行模型。</translation>
    </message>
    <message>
        <source>The results in the scene have changed meanwhile. Check them again.</source>
        <translation type="unfinished">场景中的结果在此期间已改变。请重新勾选。</translation>
    </message>
    <message>
        <source>Images alone: {diagnosis} {probability}</source>
        <translation type="unfinished">仅凭图像：{diagnosis} {probability}</translation>
    </message>
    <message>
        <source>A package that the model needs is missing ({error}). Run the model once: the panel offers to install it.</source>
        <translation type="unfinished">缺少模型所需的软件包（{error}）。请运行一次模型：面板会提示安装。</translation>
    </message>
    <message>
        <source>{name} is no result of {model} {version}. Look at all images with one model.</source>
        <translation type="unfinished">{name} 不是 {model} {version} 的结果。请用同一个模型处理所有图像。</translation>
    </message>
    <message>
        <source>Missing: {fields}</source>
        <translation type="unfinished">缺失：{fields}</translation>
    </message>
    <message>
        <source>{name} and {other} are results of one image, which would count twice. Choose one of them.</source>
        <translation type="unfinished">{name} 和 {other} 是同一幅图像的结果，会被重复计算。请选择其中一个。</translation>
    </message>
    <message>
        <source>From {low} to {high}. The model has learnt from {first} to {last}.</source>
        <translation type="unfinished">从 {low} 到 {high}。模型学习的范围是 {first} 到 {last}。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.region</name>
    <message>
        <source>none</source>
        <translation type="unfinished">无</translation>
    </message>
    <message>
        <source>Region of interest</source>
        <translation type="unfinished">感兴趣区域</translation>
    </message>
    <message>
        <source>A region of interest is a Markups ROI or a segmentation with a segment. Choose one of these.</source>
        <translation type="unfinished">感兴趣区域应为 Markups ROI 或带有分割段的分割。请选择其一。</translation>
    </message>
    <message>
        <source>{name} is not placed yet. Draw it in a slice view first.</source>
        <translation type="unfinished">{name} 尚未放置。请先在切片视图中绘制。</translation>
    </message>
    <message>
        <source>{name} is inside out: it names what is not of interest. Switch that off in the module Markups.</source>
        <translation type="unfinished">{name} 是内外反转的（inside out）：它标出的是不感兴趣的部分。请在 Markups 模块中关闭此项。</translation>
    </message>
    <message>
        <source>{name} has no segment {segment}; there are: {there}. Choose one of them for the region.</source>
        <translation type="unfinished">{name} 没有分割段 {segment}；现有：{there}。请为区域选择其中之一。</translation>
    </message>
    <message>
        <source>Region of interest: {name}</source>
        <translation type="unfinished">感兴趣区域：{name}</translation>
    </message>
    <message>
        <source>ROI {name}</source>
        <translation type="unfinished">ROI {name}</translation>
    </message>
    <message>
        <source>{segment} (not there)</source>
        <translation type="unfinished">{segment}（不存在）</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.repositories</name>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">正在取消...</translation>
    </message>
    <message>
        <source>{place} (signed)</source>
        <translation type="unfinished">{place}（已签名）</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">取消</translation>
    </message>
    <message>
        <source>Look for updates</source>
        <translation type="unfinished">检查更新</translation>
    </message>
    <message>
        <source>The repository is forgotten. Models that came from it stay.</source>
        <translation type="unfinished">已移除该模型库。来自它的模型会保留。</translation>
    </message>
    <message>
        <source>Cancelled. The models that were known are listed still.</source>
        <translation type="unfinished">已取消。已知的模型仍在列表中。</translation>
    </message>
    <message>
        <source>Nothing new.</source>
        <translation type="unfinished">没有新内容。</translation>
    </message>
    <message>
        <source>As of {time}</source>
        <translation type="unfinished">截至 {time}</translation>
    </message>
    <message>
        <source>The repository is added; models in it: {count}.</source>
        <translation type="unfinished">已添加模型库；其中的模型数：{count}。</translation>
    </message>
    <message>
        <source>New: {models}.</source>
        <translation type="unfinished">新增：{models}。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.results</name>
    <message>
        <source>nothing drawn</source>
        <translation type="unfinished">未勾画任何区域</translation>
    </message>
    <message>
        <source>drawn, size not known</source>
        <translation type="unfinished">已勾画，大小未知</translation>
    </message>
    <message>
        <source>The line marks the probability from which on it is found.</source>
        <translation type="unfinished">竖线标出判定为存在的概率阈值。</translation>
    </message>
    <message>
        <source>Save report</source>
        <translation type="unfinished">保存报告</translation>
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
        <translation type="unfinished">每个类别逐层的概率：{classes}</translation>
    </message>
    <message>
        <source>The surface could not be made from this segmentation.</source>
        <translation type="unfinished">无法由此分割生成表面。</translation>
    </message>
    <message>
        <source>Nothing is drawn in this segmentation.</source>
        <translation type="unfinished">此分割中未勾画任何区域。</translation>
    </message>
    <message>
        <source>The result is in the clipboard.</source>
        <translation type="unfinished">结果已在剪贴板中。</translation>
    </message>
    <message>
        <source>This result is of {name}, not of the volume that is chosen above.</source>
        <translation type="unfinished">此结果属于 {name}，而不是上面所选的体数据。</translation>
    </message>
    <message>
        <source>The report is in {path}</source>
        <translation type="unfinished">报告位于 {path}</translation>
    </message>
    <message>
        <source>, item {number}</source>
        <translation type="unfinished">, 第 {number} 项</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.run</name>
    <message>
        <source>The volume was removed from the scene before its result came.</source>
        <translation type="unfinished">在得到结果之前，体数据已从场景中移除。</translation>
    </message>
    <message>
        <source>The voxels of {names} were changed while the model looked at them: this is the result for the voxels as they were. Run again.</source>
        <translation type="unfinished">{names} 的体素在模型查看期间被修改：此结果针对修改之前的体素。请重新运行。</translation>
    </message>
    <message>
        <source>{name} holds the result of another volume, and stays: this result is in a new segmentation.</source>
        <translation type="unfinished">{name} 是另一个体数据的结果，予以保留：此结果在新的分割中。</translation>
    </message>
    <message>
        <source>The segments of {name} were changed since its run, and stay: this result is in a new segmentation.</source>
        <translation type="unfinished">{name} 的分割段在运行后被修改过，予以保留：此结果在新的分割中。</translation>
    </message>
    <message>
        <source>{name} holds what no run has made, and stays: this result is in a new segmentation.</source>
        <translation type="unfinished">{name} 含有并非由运行产生的内容，予以保留：此结果位于新的分割中。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.sentences</name>
    <message>
        <source>{number} of {count}, {name}: {stage}</source>
        <translation type="unfinished">{number} / {count}，{name}：{stage}</translation>
    </message>
    <message>
        <source>Loading the model</source>
        <translation type="unfinished">正在加载模型</translation>
    </message>
    <message>
        <source>Preparing</source>
        <translation type="unfinished">正在准备</translation>
    </message>
    <message>
        <source>Looking at slice {slice} of {count}</source>
        <translation type="unfinished">正在查看第 {slice} / {count} 层</translation>
    </message>
    <message>
        <source>Explaining slice {slice} of {count}</source>
        <translation type="unfinished">正在解释第 {slice} / {count} 层</translation>
    </message>
    <message>
        <source>Super-resolution, region {region} of {count}</source>
        <translation type="unfinished">超分辨率，第 {region} / {count} 个区域</translation>
    </message>
    <message>
        <source>Comparing ways to compute, once on this computer</source>
        <translation type="unfinished">正在比较计算方式，每台计算机仅一次</translation>
    </message>
    <message>
        <source>Laying the segmentations over each other</source>
        <translation type="unfinished">正在叠合两个分割</translation>
    </message>
    <message>
        <source>Comparing {name}</source>
        <translation type="unfinished">正在比较 {name}</translation>
    </message>
    <message>
        <source>Reading the DICOM images</source>
        <translation type="unfinished">正在读取 DICOM 图像</translation>
    </message>
    <message>
        <source>Making DICOM objects</source>
        <translation type="unfinished">正在生成 DICOM 对象</translation>
    </message>
    <message>
        <source>Writing DICOM objects</source>
        <translation type="unfinished">正在写入 DICOM 对象</translation>
    </message>
    <message>
        <source>Asking {place}</source>
        <translation type="unfinished">正在询问 {place}</translation>
    </message>
    <message>
        <source>Sending to {place}</source>
        <translation type="unfinished">正在发送到 {place}</translation>
    </message>
    <message>
        <source>Waiting on {place}: {number} in line</source>
        <translation type="unfinished">正在等待 {place}:第 {number} 位</translation>
    </message>
    <message>
        <source>Fetching from {place}</source>
        <translation type="unfinished">正在从 {place} 接收</translation>
    </message>
    <message>
        <source>Reading the result</source>
        <translation type="unfinished">正在读取结果</translation>
    </message>
    <message>
        <source>Loading the training package</source>
        <translation type="unfinished">正在加载训练包</translation>
    </message>
    <message>
        <source>Preparing the cases</source>
        <translation type="unfinished">正在准备病例</translation>
    </message>
    <message>
        <source>Learning: epoch {number} of {count}</source>
        <translation type="unfinished">学习：第 {number} 轮，共 {count} 轮</translation>
    </message>
    <message>
        <source>Evaluating</source>
        <translation type="unfinished">正在评估</translation>
    </message>
    <message>
        <source>Evaluating whole volumes</source>
        <translation type="unfinished">正在评估整个体积</translation>
    </message>
    <message>
        <source>Evaluating on the reference</source>
        <translation type="unfinished">正在参考数据上评估</translation>
    </message>
    <message>
        <source>Comparing the two models</source>
        <translation type="unfinished">正在比较两个模型</translation>
    </message>
    <message>
        <source>Writing the model</source>
        <translation type="unfinished">正在写入模型</translation>
    </message>
    <message>
        <source>Installing PyTorch</source>
        <translation type="unfinished">正在安装 PyTorch</translation>
    </message>
    <message>
        <source>Installing packages</source>
        <translation type="unfinished">正在安装软件包</translation>
    </message>
    <message>
        <source>Looking for the build that fits the GPU</source>
        <translation type="unfinished">正在查找与 GPU 匹配的版本</translation>
    </message>
    <message>
        <source>Looking for packages</source>
        <translation type="unfinished">正在查找软件包</translation>
    </message>
    <message>
        <source>Fetching packages</source>
        <translation type="unfinished">正在获取软件包</translation>
    </message>
    <message>
        <source>Trying the packages</source>
        <translation type="unfinished">正在试用软件包</translation>
    </message>
    <message>
        <source>Putting packages in place</source>
        <translation type="unfinished">正在放置软件包</translation>
    </message>
    <message>
        <source>A 2-D image tells neither its orientation nor its thickness: sizes are not known, no volumes in mL are given.</source>
        <translation type="unfinished">二维图像既不说明方向也不说明层厚：大小未知，不给出以 mL 计的体积。</translation>
    </message>
    <message>
        <source>The image does not tell the size of its voxels: sizes are not known, no volumes in mL are given.</source>
        <translation type="unfinished">图像未说明体素大小：大小未知，不给出以 mL 计的体积。</translation>
    </message>
    <message>
        <source>The image does not tell how its axes lie in the patient: right and left may be exchanged, and slices turned. Compare them with the original.</source>
        <translation type="unfinished">图像未说明其坐标轴在患者体内的方向：左右可能颠倒，切片可能旋转。请与原始图像对照。</translation>
    </message>
    <message>
        <source>The image is much coarser than what the model was trained on; small findings cannot be seen.</source>
        <translation type="unfinished">图像比模型训练所用的图像粗糙得多；无法看到小的病变。</translation>
    </message>
    <message>
        <source>Without {channels}: the model was not given all that it can use.</source>
        <translation type="unfinished">缺少 {channels}：模型未得到它能利用的全部图像。</translation>
    </message>
    <message>
        <source>Without {channels}: the model was not given all that it can use. Whether it was trained on such images is not judged.</source>
        <translation type="unfinished">缺少 {channels}：模型未得到它能利用的全部图像。不判断模型是否用此类图像训练过。</translation>
    </message>
    <message>
        <source>The slices are shifted against each other by up to {distance} mm (a gantry tilted by {degrees}°): the volume was corrected to right angles.</source>
        <translation type="unfinished">各切片相互错位最多 {distance} mm（机架倾斜 {degrees}°）：体数据已校正为直角。</translation>
    </message>
    <message>
        <source>The slices are not quite evenly spaced: positions may be off by up to {distance} mm.</source>
        <translation type="unfinished">切片间距不完全均匀：位置偏差可能达 {distance} mm。</translation>
    </message>
    <message>
        <source>The image says that it is {modality}; this model knows {expected}. Do not rely on the answer.</source>
        <translation type="unfinished">图像标明为 {modality}；此模型适用于 {expected}。请勿依赖其答案。</translation>
    </message>
    <message>
        <source>Air has negative values, as in CT (Hounsfield units); this model knows {expected}. Do not rely on the answer.</source>
        <translation type="unfinished">空气为负值，如同 CT（Hounsfield 单位）；此模型适用于 {expected}。请勿依赖其答案。</translation>
    </message>
    <message>
        <source>{name} has only {count} different values: a mask or a label map, not a scan. Check that the right file was loaded.</source>
        <translation type="unfinished">{name} 只有 {count} 个不同的值：是掩膜或标签图，而非扫描图像。请检查是否加载了正确的文件。</translation>
    </message>
    <message>
        <source>The image does not look like what the model was trained on ({where} further from the training images than 99% of the images kept for validation). Do not rely on the answer.</source>
        <translation type="unfinished">图像与模型的训练图像不相像（{where}，比 99% 留作验证的图像离训练图像更远）。请勿依赖其答案。</translation>
    </message>
    <message>
        <source>it lies</source>
        <translation type="unfinished">整幅图像</translation>
    </message>
    <message>
        <source>{share} of its slices lie</source>
        <translation type="unfinished">其 {share} 的切片</translation>
    </message>
    <message>
        <source>The image seems to be {rotation}: put right, it would look more like what the model was trained on. Check its orientation.</source>
        <translation type="unfinished">图像似乎{rotation}：纠正之后会更像模型的训练图像。请检查其方向。</translation>
    </message>
    <message>
        <source>upside down</source>
        <translation type="unfinished">上下颠倒</translation>
    </message>
    <message>
        <source>turned to the right</source>
        <translation type="unfinished">向右旋转</translation>
    </message>
    <message>
        <source>turned to the left</source>
        <translation type="unfinished">向左旋转</translation>
    </message>
    <message>
        <source>uncertain — review</source>
        <translation type="unfinished">不确定 — 需复核</translation>
    </message>
    <message>
        <source>The diagnosis is never to be taken without a reader: of this model&apos;s answers to the images that it was judged on, too many were wrong, however sure it was. Review it.</source>
        <translation type="unfinished">该诊断绝不可不经医师判读而采用：在用于评估此模型的图像上，无论模型多么确定，错误答案都过多。请复核。</translation>
    </message>
    <message>
        <source>The diagnosis is uncertain ({probability} {meaning}, under {threshold}): review it.</source>
        <translation type="unfinished">诊断不确定（{meaning} {probability}，低于 {threshold}）：请复核。</translation>
    </message>
    <message>
        <source>confidence over all passes</source>
        <translation type="unfinished">各次计算的置信度</translation>
    </message>
    <message>
        <source>for the likeliest class</source>
        <translation type="unfinished">最可能类别的概率</translation>
    </message>
    <message>
        <source>The two answers contradict each other: the diagnosis is {diagnosis}, yet {region} is drawn.</source>
        <translation type="unfinished">两个答案相互矛盾：诊断为 {diagnosis}，但{region}。</translation>
    </message>
    <message>
        <source>a region</source>
        <translation type="unfinished">勾画了一个区域</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation type="unfinished">未勾画任何区域</translation>
    </message>
    <message>
        <source>The two answers contradict each other: {finding} found, yet {segment} is not drawn.</source>
        <translation type="unfinished">两个答案相互矛盾：发现 {finding}，但未勾画 {segment}。</translation>
    </message>
    <message>
        <source>The two answers contradict each other: {segment} is drawn, yet {finding} is not found.</source>
        <translation type="unfinished">两个答案相互矛盾：勾画了 {segment}，但未发现 {finding}。</translation>
    </message>
    <message>
        <source>Uncertain, as close to the threshold: {findings}. Review it.</source>
        <translation type="unfinished">不确定，因为接近阈值：{findings}。请复核。</translation>
    </message>
    <message>
        <source>The segments were changed since the run: amounts and sentences are of what the model drew, outlines as they are now.</source>
        <translation type="unfinished">分割段在运行之后被修改过：数量和文字说明针对模型所绘的内容，轮廓则为当前的状态。</translation>
    </message>
    <message>
        <source>The volume and its segmentation were moved apart since the run: outlines lie beside what they outline. Move both alike, or run again.</source>
        <translation type="unfinished">运行之后体数据与其分割相互错开：轮廓偏离了所勾画的部位。请将两者一同移动，或重新运行。</translation>
    </message>
    <message>
        <source>The volume was moved or resized since the run: places and sizes in words are as they were then.</source>
        <translation type="unfinished">运行之后体数据被移动或改变了大小：文字中的位置和大小是当时的。</translation>
    </message>
    <message>
        <source>The volume has gone, or no longer has the voxels that were looked at: it was changed, or its sequence shows another item. The result is of what it was; a report has no pictures.</source>
        <translation type="unfinished">体数据已不存在，或已不是被查看时的体素：它被修改过，或其序列正显示另一项。结果对应的是之前的状态；报告中没有图片。</translation>
    </message>
    <message>
        <source>Metadata changed the diagnosis: from the images alone it would be {diagnosis}.</source>
        <translation type="unfinished">元数据改变了诊断：仅凭图像会是 {diagnosis}。</translation>
    </message>
    <message>
        <source>The images contradict each other: {diagnoses}.</source>
        <translation type="unfinished">各图像相互矛盾：{diagnoses}。</translation>
    </message>
    <message>
        <source>The patient&apos;s diagnosis is uncertain ({diagnosis}, under {threshold}): review it.</source>
        <translation type="unfinished">患者的诊断不确定（{diagnosis}，低于 {threshold}）：请复核。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.sequences</name>
    <message>
        <source>No sequence is chosen. Load a sequence of volumes and choose it.</source>
        <translation type="unfinished">未选择序列。请加载体数据序列并选择它。</translation>
    </message>
    <message>
        <source>The sequence was removed from the scene: its run was ended.</source>
        <translation type="unfinished">序列已从场景中移除：其运行已结束。</translation>
    </message>
    <message>
        <source>{name} is in no scene. Add it to one.</source>
        <translation type="unfinished">{name} 不在任何场景中。请将其加入场景。</translation>
    </message>
    <message>
        <source>{name} has no items. Load the sequence again.</source>
        <translation type="unfinished">{name} 没有项目。请重新加载序列。</translation>
    </message>
    <message>
        <source>{name} is no sequence of volumes. Choose one of volumes.</source>
        <translation type="unfinished">{name} 不是体数据序列。请选择体数据序列。</translation>
    </message>
    <message>
        <source>The item {index} was taken out of the sequence, or given another index, meanwhile. Run the sequence again.</source>
        <translation type="unfinished">在此期间，项目 {index} 已从序列中移除，或被赋予了另一个索引。请重新运行序列。</translation>
    </message>
    <message>
        <source>{name} was changed while it was looked at: its voxels, spacing, origin or directions. Run the sequence again.</source>
        <translation type="unfinished">{name} 在分析过程中被更改（体素、间距、原点或方向）。请重新运行序列。</translation>
    </message>
    <message>
        <source>item {number} of {count}: {stage}</source>
        <translation type="unfinished">第 {number} / {count} 项：{stage}</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.sequenceview</name>
    <message>
        <source>The run of the sequence was taken back.</source>
        <translation type="unfinished">已撤销对序列的运行。</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">正在取消...</translation>
    </message>
    <message>
        <source>Not run: the licence of the weights was not agreed to.</source>
        <translation type="unfinished">未运行：未同意权重的许可。</translation>
    </message>
    <message>
        <source>failed</source>
        <translation type="unfinished">失败</translation>
    </message>
    <message>
        <source>No sequence browser plays this sequence: make one in the module Sequences.</source>
        <translation type="unfinished">没有序列浏览器播放此序列：请在模块 Sequences 中创建一个。</translation>
    </message>
    <message>
        <source>The plot is no longer in the scene.</source>
        <translation type="unfinished">图表已不在场景中。</translation>
    </message>
    <message>
        <source>Cancel sequence</source>
        <translation type="unfinished">取消序列</translation>
    </message>
    <message>
        <source>Run sequence on the server</source>
        <translation type="unfinished">在服务器上运行序列</translation>
    </message>
    <message>
        <source>Run sequence</source>
        <translation type="unfinished">运行序列</translation>
    </message>
    <message>
        <source>The sequence was removed from the scene: its run was ended.</source>
        <translation type="unfinished">序列已从场景中移除：其运行已结束。</translation>
    </message>
    <message>
        <source>{done} of {count} items are done; they play with the volumes, and a table and a plot over time are in the scene.</source>
        <translation type="unfinished">{count} 项中已完成 {done} 项；它们与体数据一同播放，随时间变化的表格和图表已在场景中。</translation>
    </message>
    <message>
        <source>Cancelled. Items that are done and in the scene: {done} of {count}.</source>
        <translation type="unfinished">已取消。已完成并在场景中的项：{count} 项中的 {done} 项。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.setup</name>
    <message>
        <source>OpenVINO: CPU, light</source>
        <translation type="unfinished">OpenVINO：CPU，轻量</translation>
    </message>
    <message>
        <source>PyTorch: CPU and GPU</source>
        <translation type="unfinished">PyTorch：CPU 和 GPU</translation>
    </message>
    <message>
        <source>The installation was cancelled, and can be begun again.</source>
        <translation type="unfinished">安装已取消，可以重新开始。</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">取消</translation>
    </message>
    <message>
        <source>Install what is missing...</source>
        <translation type="unfinished">安装缺少的软件包...</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">正在取消...</translation>
    </message>
    <message>
        <source>Folder with wheels (.whl)</source>
        <translation type="unfinished">装有 wheel（.whl）的文件夹</translation>
    </message>
    <message>
        <source>PyTorch is installed.</source>
        <translation type="unfinished">PyTorch 已安装。</translation>
    </message>
    <message>
        <source>Slicer is installing packages for another module. Wait until that has ended, then try again.</source>
        <translation type="unfinished">Slicer 正在为另一个模块安装软件包。请等其结束后再试。</translation>
    </message>
    <message>
        <source>Nothing was installed.</source>
        <translation type="unfinished">未安装任何内容。</translation>
    </message>
    <message>
        <source>All packages that are needed are here.</source>
        <translation type="unfinished">所需的软件包均已就绪。</translation>
    </message>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>{packages} cannot be installed anew, as another module of Slicer uses what is there. Start Slicer again, and install before that module is used.</source>
        <translation type="unfinished">Slicer 的另一个模块正在使用现有的 {packages}，因此无法重新安装。请重新启动 Slicer，并在使用该模块之前安装。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.severalmodels</name>
    <message>
        <source>Several models add a segmentation each: name at least one model, and no segmentation to replace.</source>
        <translation type="unfinished">多个模型各添加一个分割：请至少指定一个模型，且不要指定要替换的分割。</translation>
    </message>
    <message>
        <source>{value} (not installed)</source>
        <translation type="unfinished">{value}（未安装）</translation>
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
        <translation type="unfinished">未发现异常</translation>
    </message>
    <message>
        <source>Not known</source>
        <translation type="unfinished">未知</translation>
    </message>
    <message>
        <source>Folder of the dataset</source>
        <translation type="unfinished">数据集文件夹</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">正在取消...</translation>
    </message>
    <message>
        <source>A result, a folder and who corrected it are needed first.</source>
        <translation type="unfinished">需要先有结果、文件夹和审阅者。</translation>
    </message>
    <message>
        <source>Nothing found</source>
        <translation type="unfinished">未发现异常</translation>
    </message>
    <message>
        <source>Cancel adding</source>
        <translation type="unfinished">取消加入</translation>
    </message>
    <message>
        <source>Add to my dataset</source>
        <translation type="unfinished">加入我的数据集</translation>
    </message>
    <message>
        <source>{diagnosis}: as the model says</source>
        <translation type="unfinished">{diagnosis}：与模型一致</translation>
    </message>
    <message>
        <source>Nothing was changed in the dataset.</source>
        <translation type="unfinished">数据集未作任何更改。</translation>
    </message>
    <message>
        <source>The case was taken out of the dataset again.</source>
        <translation type="unfinished">该病例已从数据集中取出。</translation>
    </message>
    <message>
        <source>Added to the dataset in {folder}</source>
        <translation type="unfinished">已加入 {folder} 中的数据集</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.texts</name>
    <message>
        <source>{seconds:.0f} s</source>
        <translation type="unfinished">{seconds:.0f} 秒</translation>
    </message>
    <message>
        <source>{minutes} min</source>
        <translation type="unfinished">{minutes} 分钟</translation>
    </message>
    <message>
        <source>{hours} h {minutes} min</source>
        <translation type="unfinished">{hours} 小时 {minutes} 分钟</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.whichmodel</name>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">取消</translation>
    </message>
    <message>
        <source>Which?</source>
        <translation type="unfinished">哪个？</translation>
    </message>
    <message>
        <source>fits</source>
        <translation type="unfinished">适合</translation>
    </message>
    <message>
        <source>doubtful</source>
        <translation type="unfinished">存疑</translation>
    </message>
    <message>
        <source>not judged</source>
        <translation type="unfinished">未判断</translation>
    </message>
    <message>
        <source>does not fit</source>
        <translation type="unfinished">不适合</translation>
    </message>
    <message>
        <source>Only slices of the region were looked at: {region}.</source>
        <translation type="unfinished">仅查看了该区域的切片：{region}。</translation>
    </message>
    <message>
        <source>{model} (as {channel})</source>
        <translation type="unfinished">{model}（作为 {channel}）</translation>
    </message>
    <message>
        <source>The server looks: voxels and geometry are sent there.</source>
        <translation type="unfinished">由服务器查看：体素和几何信息会发送到那里。</translation>
    </message>
    <message>
        <source>Cancelled. No model was judged.</source>
        <translation type="unfinished">已取消。未判断任何模型。</translation>
    </message>
</context>
</TS>
