<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="ja" sourcelanguage="en">
<context>
    <name>UnifiedViT</name>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>One Vision Transformer looks at a medical image once and gives two answers: where (a segmentation) and what (a diagnosis with calibrated probabilities). Load a volume, choose a model, press Run.&lt;br&gt;&lt;br&gt;&lt;b&gt;Research use only. Not for clinical diagnosis.&lt;/b&gt;&lt;br&gt;&lt;br&gt;More in the &lt;a href=&quot;https://github.com/UnifiedViT/SlicerUnifiedViT&quot;&gt;documentation&lt;/a&gt;.</source>
        <translation type="unfinished">一つの Vision Transformer が医用画像を一度だけ見て、二つの答えを出します。どこに（セグメンテーション）、何が（較正された確率付きの診断）。ボリュームを読み込み、モデルを選び、「実行」を押してください。&lt;br&gt;&lt;br&gt;&lt;b&gt;研究専用です。臨床診断には使用しないでください。&lt;/b&gt;&lt;br&gt;&lt;br&gt;詳しくは&lt;a href=&quot;https://github.com/UnifiedViT/SlicerUnifiedViT&quot;&gt;ドキュメント&lt;/a&gt;をご覧ください。</translation>
    </message>
    <message>
        <source>The architecture follows Kassar, An Analytical Study of Vision Transformer Models for Medical Image Classification and Segmentation. The bundled model was trained on BRISC 2025 (Fateh et al.), the figshare set of Cheng, and TCGA-LGG with the masks of Buda et al.; its weights are under CC BY-NC-SA 4.0.</source>
        <translation type="unfinished">アーキテクチャは Kassar の An Analytical Study of Vision Transformer Models for Medical Image Classification and Segmentation に基づきます。付属のモデルは BRISC 2025（Fateh et al.）、Cheng の figshare データセット、および Buda et al. のマスクを伴う TCGA-LGG で訓練されました。重みのライセンスは CC BY-NC-SA 4.0 です。</translation>
    </message>
    <message>
        <source>Research use only. Not for clinical diagnosis.</source>
        <translation type="unfinished">研究専用です。臨床診断には使用しないでください。</translation>
    </message>
    <message>
        <source>What runs the networks. OpenVINO needs no PyTorch; PyTorch uses the graphics card and runs every model.</source>
        <translation type="unfinished">ネットワークを動かすもの。OpenVINO に PyTorch は不要です。PyTorch はグラフィックカードを使い、すべてのモデルを実行できます。</translation>
    </message>
    <message>
        <source>Install what is missing...</source>
        <translation type="unfinished">不足分をインストール...</translation>
    </message>
    <message>
        <source>Asks once, then downloads and installs. Nothing that Slicer brings is changed.</source>
        <translation type="unfinished">一度だけ確認してから、ダウンロードしてインストールします。Slicer に付属するものは変更されません。</translation>
    </message>
    <message>
        <source>From a folder...</source>
        <translation type="unfinished">フォルダから...</translation>
    </message>
    <message>
        <source>Installs from a folder of wheels (.whl), without a network.</source>
        <translation type="unfinished">wheel（.whl）のフォルダから、ネットワークなしでインストールします。</translation>
    </message>
    <message>
        <source>Check again</source>
        <translation type="unfinished">再確認</translation>
    </message>
    <message>
        <source>Inputs</source>
        <translation type="unfinished">入力</translation>
    </message>
    <message>
        <source>Volume:</source>
        <translation type="unfinished">ボリューム：</translation>
    </message>
    <message>
        <source>The image to look at. Of a sequence: the item that the sequence browser shows.</source>
        <translation type="unfinished">対象の画像。シーケンスの場合は、シーケンスブラウザが表示している項目です。</translation>
    </message>
    <message>
        <source>Select a volume</source>
        <translation type="unfinished">ボリュームを選択</translation>
    </message>
    <message>
        <source>Model:</source>
        <translation type="unfinished">モデル：</translation>
    </message>
    <message>
        <source>Segmentation:</source>
        <translation type="unfinished">セグメンテーション：</translation>
    </message>
    <message>
        <source>Create a new segmentation on Run</source>
        <translation type="unfinished">実行時に新しいセグメンテーションを作成</translation>
    </message>
    <message>
        <source>Region of interest</source>
        <translation type="unfinished">関心領域</translation>
    </message>
    <message>
        <source>Look at:</source>
        <translation type="unfinished">対象：</translation>
    </message>
    <message>
        <source>A Markups ROI, or a segmentation with a segment, of which a box is taken. Only slices that the box touches are looked at, as wholes; what is drawn outside of it is left out.</source>
        <translation type="unfinished">Markups の ROI、またはセグメントを含むセグメンテーション（その外接ボックスを使います）。ボックスに触れるスライスだけが、スライス全体として見られます。ボックスの外に描かれたものは除かれます。</translation>
    </message>
    <message>
        <source>all of the volume</source>
        <translation type="unfinished">ボリューム全体</translation>
    </message>
    <message>
        <source>Around:</source>
        <translation type="unfinished">周囲：</translation>
    </message>
    <message>
        <source>Margin:</source>
        <translation type="unfinished">余白：</translation>
    </message>
    <message>
        <source>Kept free on each side of the segment.</source>
        <translation type="unfinished">セグメントの各側に取る余白。</translation>
    </message>
    <message>
        <source> mm</source>
        <translation type="unfinished"> mm</translation>
    </message>
    <message>
        <source>Advanced</source>
        <translation type="unfinished">詳細設定</translation>
    </message>
    <message>
        <source>Slices:</source>
        <translation type="unfinished">スライス：</translation>
    </message>
    <message>
        <source>The plane in which the model looks at the volume, slice by slice.</source>
        <translation type="unfinished">モデルがボリュームをスライスごとに見るときの断面。</translation>
    </message>
    <message>
        <source>Device:</source>
        <translation type="unfinished">デバイス：</translation>
    </message>
    <message>
        <source>Where the network computes.</source>
        <translation type="unfinished">ネットワークが計算する場所。</translation>
    </message>
    <message>
        <source>Slices at a time:</source>
        <translation type="unfinished">同時に処理する枚数：</translation>
    </message>
    <message>
        <source>More is quicker on a graphics card and needs more memory; halved by itself when memory runs out.</source>
        <translation type="unfinished">大きいほどグラフィックカードでは速くなり、必要なメモリが増えます。メモリが足りないときは自動的に半分になります。</translation>
    </message>
    <message>
        <source>Test-time augmentation</source>
        <translation type="unfinished">テスト時データ拡張</translation>
    </message>
    <message>
        <source>The mean over slices and their mirror images; takes twice as long.</source>
        <translation type="unfinished">スライスとその鏡像の平均。時間は 2 倍かかります。</translation>
    </message>
    <message>
        <source>Keep probability maps as volumes</source>
        <translation type="unfinished">確率マップをボリュームとして残す</translation>
    </message>
    <message>
        <source>Heat map:</source>
        <translation type="unfinished">ヒートマップ：</translation>
    </message>
    <message>
        <source>What speaks for a diagnosis, and where, as a volume in colours over the image; takes three times as long.</source>
        <translation type="unfinished">診断の根拠とその場所を、画像に重ねるカラーのボリュームで示します。時間は 3 倍かかります。</translation>
    </message>
    <message>
        <source>Super-resolved:</source>
        <translation type="unfinished">超解像：</translation>
    </message>
    <message>
        <source>The regions that the network attends to, four times as fine in plane, as a new volume beside the input, which stays as it is. What is synthetic in it is guessed, not measured.</source>
        <translation type="unfinished">ネットワークが注目する領域を面内で 4 倍に細かくし、入力とは別の新しいボリュームにします。入力は変わりません。合成された部分は推定であり、測定値ではありません。</translation>
    </message>
    <message>
        <source>Uncertainty map and confidence</source>
        <translation type="unfinished">不確実性マップと信頼度</translation>
    </message>
    <message>
        <source>Several forward passes over every slice, changed a little: how far they agree says how far to trust the result. Takes four times as long.</source>
        <translation type="unfinished">わずかに変化させた各スライスを複数回計算します。それらの一致度が、結果をどこまで信頼できるかを示します。時間は 4 倍かかります。</translation>
    </message>
    <message>
        <source>Install PyTorch...</source>
        <translation type="unfinished">PyTorch をインストール...</translation>
    </message>
    <message>
        <source>PyTorch uses the graphics card, runs every model, and makes heat maps and super-resolved volumes.</source>
        <translation type="unfinished">PyTorch はグラフィックカードを使い、すべてのモデルを実行し、ヒートマップと超解像ボリュームを作成します。</translation>
    </message>
    <message>
        <source>Models</source>
        <translation type="unfinished">モデル</translation>
    </message>
    <message>
        <source>Model</source>
        <translation type="unfinished">モデル</translation>
    </message>
    <message>
        <source>What to look for. More models: section Models below. Several at once: Advanced.</source>
        <translation type="unfinished">何を探すか。ほかのモデル：下の「モデル」セクション。複数を同時に：「詳細」。</translation>
    </message>
    <message>
        <source>Which?</source>
        <translation type="unfinished">どれ？</translation>
    </message>
    <message>
        <source>Which model? Each installed one looks at a dozen slices, and says whether it knows such images. None is chosen.</source>
        <translation type="unfinished">どのモデルか。インストール済みの各モデルが十数枚のスライスを見て、そのような画像を知っているかを示します。自動では選択しません。</translation>
    </message>
    <message>
        <source>Double-click a model to choose it.</source>
        <translation type="unfinished">モデルをダブルクリックすると選択します。</translation>
    </message>
    <message>
        <source>Judged</source>
        <translation type="unfinished">判定</translation>
    </message>
    <message>
        <source>Unlike</source>
        <translation type="unfinished">相違</translation>
    </message>
    <message>
        <source>Slices further from the model&apos;s training images than 99% of the images kept for validation</source>
        <translation type="unfinished">検証用に取り分けた画像の99%よりも、モデルの学習画像から離れているスライス</translation>
    </message>
    <message>
        <source>Also run:</source>
        <translation type="unfinished">併せて実行：</translation>
    </message>
    <message>
        <source>Models that look at the volume besides the chosen one. Each adds a segmentation and a table of its own, &quot;NAME - MODEL&quot;; none is replaced.</source>
        <translation type="unfinished">選択したモデルに加えてボリュームを見るモデル。それぞれが自身のセグメンテーションと表「名前 - モデル」を追加し、既存のものは置き換えません。</translation>
    </message>
    <message>
        <source>State</source>
        <translation type="unfinished">状態</translation>
    </message>
    <message>
        <source>Version:</source>
        <translation type="unfinished">バージョン：</translation>
    </message>
    <message>
        <source>Versions of the selected model that can be downloaded. One that is older than the installed one takes its place, until you update.</source>
        <translation type="unfinished">選択したモデルのうちダウンロードできるバージョン。インストール済みより古いものを選ぶと、更新するまでそれに置き換わります。</translation>
    </message>
    <message>
        <source>Download...</source>
        <translation type="unfinished">ダウンロード...</translation>
    </message>
    <message>
        <source>Import folder...</source>
        <translation type="unfinished">フォルダを取り込む...</translation>
    </message>
    <message>
        <source>A model&apos;s folder (model.json and weights), for example from unifiedvit-train export.</source>
        <translation type="unfinished">モデルのフォルダ（model.json と重み）。たとえば unifiedvit-train export で作られたもの。</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation type="unfinished">削除</translation>
    </message>
    <message>
        <source>Repositories:</source>
        <translation type="unfinished">リポジトリ：</translation>
    </message>
    <message>
        <source>Where models can be downloaded from. Nothing is asked without a click.</source>
        <translation type="unfinished">モデルのダウンロード元。クリックしないかぎり、どこにも問い合わせません。</translation>
    </message>
    <message>
        <source>Look for updates</source>
        <translation type="unfinished">更新を確認</translation>
    </message>
    <message>
        <source>Asks all repositories which models and versions they have now.</source>
        <translation type="unfinished">すべてのリポジトリに、現在のモデルとバージョンを問い合わせます。</translation>
    </message>
    <message>
        <source>Forget</source>
        <translation type="unfinished">登録解除</translation>
    </message>
    <message>
        <source>Takes the selected repository off the list. Models that came from it stay.</source>
        <translation type="unfinished">選択したリポジトリを一覧から外します。そこから取得したモデルは残ります。</translation>
    </message>
    <message>
        <source>https://... or a folder</source>
        <translation type="unfinished">https://... またはフォルダ</translation>
    </message>
    <message>
        <source>Address of a model repository, as its publisher says it.</source>
        <translation type="unfinished">モデルリポジトリのアドレス（公開元が示すもの）。</translation>
    </message>
    <message>
        <source>Key (optional)</source>
        <translation type="unfinished">鍵（任意）</translation>
    </message>
    <message>
        <source>Public key of the publisher. With it, nothing is taken that the publisher has not signed.</source>
        <translation type="unfinished">公開元の公開鍵。指定すると、公開元が署名していないものは受け付けません。</translation>
    </message>
    <message>
        <source>Add repository</source>
        <translation type="unfinished">リポジトリを追加</translation>
    </message>
    <message>
        <source>Keep models elsewhere...</source>
        <translation type="unfinished">モデルの保存先を変更...</translation>
    </message>
    <message>
        <source>Clear cache...</source>
        <translation type="unfinished">キャッシュを消去...</translation>
    </message>
    <message>
        <source>Removes all downloaded and imported models, and the networks that were compiled for this computer.</source>
        <translation type="unfinished">ダウンロードまたは取り込んだすべてのモデルと、このコンピュータ用にコンパイルされたネットワークを削除します。</translation>
    </message>
    <message>
        <source>Run</source>
        <translation type="unfinished">実行</translation>
    </message>
    <message>
        <source>Result</source>
        <translation type="unfinished">結果</translation>
    </message>
    <message>
        <source>Heat map</source>
        <translation type="unfinished">ヒートマップ</translation>
    </message>
    <message>
        <source>Uncertainty</source>
        <translation type="unfinished">不確実性</translation>
    </message>
    <message>
        <source>Where the outline is uncertain: entropy over all passes, from clear (sure) over blue and green to yellow</source>
        <translation type="unfinished">輪郭が不確実な場所：全計算のエントロピー。透明（確実）から青、緑を経て黄色へ</translation>
    </message>
    <message>
        <source>Opacity of the map over the slices</source>
        <translation type="unfinished">スライスに重ねるマップの不透明度</translation>
    </message>
    <message>
        <source>Show 3D</source>
        <translation type="unfinished">3D 表示</translation>
    </message>
    <message>
        <source>Jump to lesion</source>
        <translation type="unfinished">病変へ移動</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation type="unfinished">元に戻す</translation>
    </message>
    <message>
        <source>Takes this result out of the scene and brings back what it replaced.</source>
        <translation type="unfinished">この結果をシーンから取り除き、置き換えられた内容を復元します。</translation>
    </message>
    <message>
        <source>Save report...</source>
        <translation type="unfinished">レポート...</translation>
    </message>
    <message>
        <source>Copy as text</source>
        <translation type="unfinished">テキストでコピー</translation>
    </message>
    <message>
        <source>Save as DICOM...</source>
        <translation type="unfinished">DICOM で保存...</translation>
    </message>
    <message>
        <source>What runs the networks</source>
        <translation type="unfinished">ネットワークを実行するもの</translation>
    </message>
    <message>
        <source>Where the result goes. A result of the same volume is replaced (Undo brings it back). Results of other volumes stay, as does what somebody has drawn or written: then a new one is made.</source>
        <translation type="unfinished">結果の出力先。同じボリュームの結果は置き換えられます（「元に戻す」で復元できます）。他のボリュームの結果と、利用者が描いたり書き込んだりした内容は残り、その場合は新しいものが作られます。</translation>
    </message>
    <message>
        <source>Computer:</source>
        <translation type="unfinished">コンピューター:</translation>
    </message>
    <message>
        <source>This computer, or one of your group on which unifiedvit serve runs. Batch, Sequence and Which? always compute here.</source>
        <translation type="unfinished">このコンピューター、または unifiedvit serve が動いているグループのコンピューター。一括処理、シーケンス、「どれ?」は常にここで計算します。</translation>
    </message>
    <message>
        <source>Address:</source>
        <translation type="unfinished">アドレス:</translation>
    </message>
    <message>
        <source>Of the server, as its administrator says it.</source>
        <translation type="unfinished">サーバーのアドレス(管理者が知らせるもの)。</translation>
    </message>
    <message>
        <source>Key:</source>
        <translation type="unfinished">キー:</translation>
    </message>
    <message>
        <source>Your key for the server. It is kept in the application&apos;s settings, readable for whoever can read your files, and never in a scene.</source>
        <translation type="unfinished">サーバー用のあなたのキー。アプリケーションの設定に保存され、あなたのファイルを読める人は読むことができます。シーンには保存されません。</translation>
    </message>
    <message>
        <source>Test connection</source>
        <translation type="unfinished">接続をテスト</translation>
    </message>
    <message>
        <source>Asks the server which models it has. No image is sent.</source>
        <translation type="unfinished">サーバーにどのモデルがあるかを尋ねます。画像は送信されません。</translation>
    </message>
    <message>
        <source>Run sends the volume&apos;s voxels and geometry there, without names.</source>
        <translation type="unfinished">実行すると、ボリュームのボクセルと幾何情報が、名前なしでそこへ送信されます。</translation>
    </message>
    <message>
        <source>Import file...</source>
        <translation type="unfinished">ファイルをインポート...</translation>
    </message>
    <message>
        <source>A model&apos;s .zip, or the model.json in its folder; it is checked first.</source>
        <translation type="unfinished">モデルの .zip、またはそのフォルダの model.json。最初に検査されます。</translation>
    </message>
    <message>
        <source>Address of a model repository</source>
        <translation type="unfinished">モデルリポジトリのアドレス</translation>
    </message>
    <message>
        <source>Patient</source>
        <translation type="unfinished">患者</translation>
    </message>
    <message>
        <source>One diagnosis of several images of a patient, and what else is known: check the results that are of this patient.</source>
        <translation type="unfinished">1人の患者の複数の画像と、ほかに分かっていることから1つの診断を出します。この患者の結果にチェックを入れてください。</translation>
    </message>
    <message>
        <source>Results of the patient</source>
        <translation type="unfinished">患者の結果</translation>
    </message>
    <message>
        <source>Results of the chosen model in this scene. Those of other patients than that of the chosen volume are left out, where the DICOM module knows them.</source>
        <translation type="unfinished">このシーンにある、選択したモデルの結果です。選択したボリュームの患者以外の結果は、DICOMモジュールが把握していれば除かれます。</translation>
    </message>
    <message>
        <source>Diagnose patient</source>
        <translation type="unfinished">患者を診断</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation type="unfinished">比較</translation>
    </message>
    <message>
        <source>A:</source>
        <translation type="unfinished">A：</translation>
    </message>
    <message>
        <source>Before, or the reference: a result, or an expert&apos;s segmentation.</source>
        <translation type="unfinished">以前のもの、または基準：結果、または専門家によるセグメンテーション。</translation>
    </message>
    <message>
        <source>Before, or the reference</source>
        <translation type="unfinished">以前のもの、または基準</translation>
    </message>
    <message>
        <source>B:</source>
        <translation type="unfinished">B：</translation>
    </message>
    <message>
        <source>After, or what is held against A: another date, another model.</source>
        <translation type="unfinished">以後のもの、または A と比べるもの：別の日付、別のモデル。</translation>
    </message>
    <message>
        <source>After, or another model</source>
        <translation type="unfinished">以後のもの、または別のモデル</translation>
    </message>
    <message>
        <source>Segment</source>
        <translation type="unfinished">セグメント</translation>
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
        <translation type="unfinished">差を表示</translation>
    </message>
    <message>
        <source>Adds a segmentation of what is drawn in A alone, in both, and in B alone.</source>
        <translation type="unfinished">A だけ、両方、B だけに描かれた部分のセグメンテーションを追加します。</translation>
    </message>
    <message>
        <source>Takes the table and the difference of this comparison out of the scene.</source>
        <translation type="unfinished">この比較の表と差をシーンから取り除きます。</translation>
    </message>
    <message>
        <source>Sequence</source>
        <translation type="unfinished">シーケンス</translation>
    </message>
    <message>
        <source>Every item of a sequence of volumes, with the model, the device, the plane and mirrored slices as chosen above. Segmentations that play with the volumes, a table over time and a plot are added to the scene.</source>
        <translation type="unfinished">ボリュームのシーケンスの各項目を、上で選んだモデル、デバイス、断面、反転スライスで処理します。ボリュームとともに再生されるセグメンテーション、時系列の表、グラフがシーンに追加されます。</translation>
    </message>
    <message>
        <source>Sequence:</source>
        <translation type="unfinished">シーケンス:</translation>
    </message>
    <message>
        <source>A sequence of volumes over time, as the module Sequences has it.</source>
        <translation type="unfinished">Sequences モジュールにある、時系列のボリュームのシーケンス。</translation>
    </message>
    <message>
        <source>Select a sequence</source>
        <translation type="unfinished">シーケンスを選択</translation>
    </message>
    <message>
        <source>Run sequence</source>
        <translation type="unfinished">シーケンスを実行</translation>
    </message>
    <message>
        <source>Double-click an item, or press Enter on it, to show it.</source>
        <translation type="unfinished">項目をダブルクリックするか Enter キーを押すと表示されます。</translation>
    </message>
    <message>
        <source>Item</source>
        <translation type="unfinished">項目</translation>
    </message>
    <message>
        <source>Show plot</source>
        <translation type="unfinished">グラフを表示</translation>
    </message>
    <message>
        <source>Shows the mL of each segment over the sequence.</source>
        <translation type="unfinished">シーケンスにわたる各セグメントの mL を表示します。</translation>
    </message>
    <message>
        <source>Takes the segmentations, the table and the plot of the last run out of the scene.</source>
        <translation type="unfinished">前回の実行で追加されたセグメンテーション、表、プロットをシーンから取り除きます。</translation>
    </message>
    <message>
        <source>Batch</source>
        <translation type="unfinished">バッチ</translation>
    </message>
    <message>
        <source>Images:</source>
        <translation type="unfinished">画像：</translation>
    </message>
    <message>
        <source>A folder of NRRD, NIfTI, MetaImage, DICOM, PNG or JPEG files, or of folders with a DICOM series each.</source>
        <translation type="unfinished">NRRD、NIfTI、MetaImage、DICOM、PNG、JPEG ファイルのフォルダ、または DICOM シリーズを 1 つずつ含むフォルダのフォルダ。</translation>
    </message>
    <message>
        <source>Choose a folder</source>
        <translation type="unfinished">フォルダを選択</translation>
    </message>
    <message>
        <source>Results:</source>
        <translation type="unfinished">結果：</translation>
    </message>
    <message>
        <source>Takes the segmentation, the JSON and the report of each image, and results.csv over all. Results that are there already, and still fit, are not computed again.</source>
        <translation type="unfinished">各画像のセグメンテーション、JSON、レポートと、全体の results.csv が置かれます。すでにあり、まだ有効な結果は再計算しません。</translation>
    </message>
    <message>
        <source>Pattern:</source>
        <translation type="unfinished">パターン：</translation>
    </message>
    <message>
        <source>all images</source>
        <translation type="unfinished">すべての画像</translation>
    </message>
    <message>
        <source>Which file names count, for example *_t1ce.nii.gz; of a DICOM series, the name of its folder.</source>
        <translation type="unfinished">対象とするファイル名、例えば *_t1ce.nii.gz。DICOM シリーズではフォルダ名。</translation>
    </message>
    <message>
        <source>With subfolders</source>
        <translation type="unfinished">サブフォルダを含む</translation>
    </message>
    <message>
        <source>Run batch</source>
        <translation type="unfinished">バッチを実行</translation>
    </message>
    <message>
        <source>Image</source>
        <translation type="unfinished">画像</translation>
    </message>
    <message>
        <source>Status</source>
        <translation type="unfinished">状態</translation>
    </message>
    <message>
        <source>Diagnosis</source>
        <translation type="unfinished">診断</translation>
    </message>
    <message>
        <source>Every image of a folder, with the models, the device and the Advanced options chosen above (no region, no probability maps). The scene stays as it is; double-click a finished image, or press Enter on it, to load it with its result.</source>
        <translation type="unfinished">フォルダー内のすべての画像を、上で選んだモデル、デバイス、詳細オプションで処理します（関心領域と確率マップは使いません）。シーンは変わりません。完了した画像をダブルクリックするか Enter キーを押すと、結果とともに読み込まれます。</translation>
    </message>
    <message>
        <source>Probability of the diagnosis</source>
        <translation type="unfinished">診断の確率</translation>
    </message>
    <message>
        <source>Volume of all that is drawn</source>
        <translation type="unfinished">描かれたものすべての体積</translation>
    </message>
    <message>
        <source>Number of warnings</source>
        <translation type="unfinished">警告の数</translation>
    </message>
    <message>
        <source>List results</source>
        <translation type="unfinished">結果を一覧表示</translation>
    </message>
    <message>
        <source>Lists what lies in the results folder, whoever computed it, results of a region too. Nothing is computed.</source>
        <translation type="unfinished">結果フォルダーにあるものを、誰が計算したかにかかわらず、関心領域の結果も含めて一覧表示します。何も計算しません。</translation>
    </message>
    <message>
        <source>Open results folder</source>
        <translation type="unfinished">結果フォルダを開く</translation>
    </message>
    <message>
        <source>There, results.csv lists all results of the folder.</source>
        <translation type="unfinished">その中の results.csv にフォルダの全結果があります。</translation>
    </message>
    <message>
        <source>Teach</source>
        <translation type="unfinished">学習用に保存</translation>
    </message>
    <message>
        <source>Diagnosis:</source>
        <translation type="unfinished">診断：</translation>
    </message>
    <message>
        <source>What it is: as the model says, another of its classes, or not known. Several findings at once: from the Python console.</source>
        <translation type="unfinished">何であるか：モデルの答えのとおり、モデルの別のクラス、または不明。複数の所見を同時に付けるには Python コンソールを使います。</translation>
    </message>
    <message>
        <source>Reviewer:</source>
        <translation type="unfinished">確認者：</translation>
    </message>
    <message>
        <source>Who corrected it: a name, initials or a number of your choice. It is written into the dataset.</source>
        <translation type="unfinished">修正した人：任意の名前、イニシャル、番号。データセットに書き込まれます。</translation>
    </message>
    <message>
        <source>Patient:</source>
        <translation type="unfinished">患者：</translation>
    </message>
    <message>
        <source>Any text that tells patients apart; only a pseudonym is kept. Left empty: the DICOM PatientID, else the folder of the volume&apos;s file.</source>
        <translation type="unfinished">患者を区別する任意の文字列。保存されるのは仮名だけです。空欄の場合は DICOM の PatientID、なければボリュームのファイルのフォルダーを使います。</translation>
    </message>
    <message>
        <source>By DICOM, or by folder</source>
        <translation type="unfinished">DICOM またはフォルダーで</translation>
    </message>
    <message>
        <source>Dataset:</source>
        <translation type="unfinished">データセット：</translation>
    </message>
    <message>
        <source>Folder of the dataset on this computer; made if it is not there.</source>
        <translation type="unfinished">このコンピューター上のデータセットのフォルダー。なければ作られます。</translation>
    </message>
    <message>
        <source>Choose...</source>
        <translation type="unfinished">選択...</translation>
    </message>
    <message>
        <source>Add to my dataset</source>
        <translation type="unfinished">データセットに追加</translation>
    </message>
    <message>
        <source>Takes the case that was added last out of the dataset.</source>
        <translation type="unfinished">最後に追加した症例をデータセットから取り除きます。</translation>
    </message>
    <message>
        <source>Reference:</source>
        <translation type="unfinished">参照データ：</translation>
    </message>
    <message>
        <source>Folder of cases that the model was made for, with images/, masks/ and labels.csv: on these the new model may not be worse. May be left empty.</source>
        <translation type="unfinished">モデルが本来対象とする症例のフォルダー（images/、masks/、labels.csv を含む）。新しいモデルはこれらで悪くなってはなりません。空でもかまいません。</translation>
    </message>
    <message>
        <source>None</source>
        <translation type="unfinished">なし</translation>
    </message>
    <message>
        <source>Choose the folder of the reference</source>
        <translation type="unfinished">参照データのフォルダーを選択</translation>
    </message>
    <message>
        <source>Adapt the model</source>
        <translation type="unfinished">モデルを適応</translation>
    </message>
    <message>
        <source>Log</source>
        <translation type="unfinished">ログ</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.adapting</name>
    <message>
        <source>Folder of the reference</source>
        <translation type="unfinished">参照データのフォルダー</translation>
    </message>
    <message>
        <source>Starting...</source>
        <translation type="unfinished">開始しています...</translation>
    </message>
    <message>
        <source>Cancelled. What was learnt is kept: Adapt the model goes on from there.</source>
        <translation type="unfinished">キャンセルしました。学習した内容は保持されます。「モデルを適応」でそこから続行します。</translation>
    </message>
    <message>
        <source>Cancelled.</source>
        <translation type="unfinished">キャンセルしました。</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">中止しています...</translation>
    </message>
    <message>
        <source>The chosen model learns from the dataset. The new one is installed only if it is better on patients kept apart.</source>
        <translation type="unfinished">選択したモデルがデータセットから学習します。取り分けた患者でより良い場合にのみ、新しいモデルをインストールします。</translation>
    </message>
    <message>
        <source>A model and the folder of a dataset are needed first.</source>
        <translation type="unfinished">まずモデルとデータセットのフォルダーが必要です。</translation>
    </message>
    <message>
        <source>Not adapted: the licence of the weights was not agreed to.</source>
        <translation type="unfinished">適応していません。重みのライセンスに同意されませんでした。</translation>
    </message>
    <message>
        <source>Whether it still does as well elsewhere was not checked: give a reference for that.</source>
        <translation type="unfinished">他の場所でも同じように良いかどうかは確認していません。確認するには参照データを指定してください。</translation>
    </message>
    <message>
        <source>Cancel adapting</source>
        <translation type="unfinished">適応をキャンセル</translation>
    </message>
    <message>
        <source>Adapt the model</source>
        <translation type="unfinished">モデルを適応</translation>
    </message>
    <message>
        <source>Slicer is installing packages for another module. Wait until that has ended, then try again.</source>
        <translation type="unfinished">Slicer が別のモジュールのパッケージをインストールしています。終わるのを待って、もう一度試してください。</translation>
    </message>
    <message>
        <source>{stage} (about {left} left)</source>
        <translation type="unfinished">{stage}（残り約 {left}）</translation>
    </message>
    <message>
        <source>{error} What was learnt is kept: Adapt the model goes on from there.</source>
        <translation type="unfinished">{error} 学習した内容は保持されます。「モデルを適応」でそこから続行します。</translation>
    </message>
    <message>
        <source>To adapt a model, PyTorch is needed: {problems} Install it by the box at the top of the panel, then adapt again.</source>
        <translation type="unfinished">モデルの適応には PyTorch が必要です。{problems} パネル上部の枠からインストールし、もう一度適応してください。</translation>
    </message>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>{name} ({model} {version}) is in the list of models now. Choose it there to use it.</source>
        <translation type="unfinished">{name}（{model} {version}）がモデルの一覧に入りました。使うにはそこで選択してください。</translation>
    </message>
    <message>
        <source>Nothing was installed, so that the model cannot be adapted: {problems}</source>
        <translation type="unfinished">何もインストールしなかったため、モデルを適応できません。{problems}</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.batch</name>
    <message>
        <source>Choose a folder</source>
        <translation type="unfinished">フォルダを選択</translation>
    </message>
    <message>
        <source>Starting...</source>
        <translation type="unfinished">開始しています...</translation>
    </message>
    <message>
        <source>{number} of {count}, {left} left</source>
        <translation type="unfinished">{number} / {count}、残り {left}</translation>
    </message>
    <message>
        <source>{number} of {count}</source>
        <translation type="unfinished">{number} / {count}</translation>
    </message>
    <message>
        <source>There is no image of this pattern in the folder.</source>
        <translation type="unfinished">このパターンの画像はフォルダにありません。</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">中止しています...</translation>
    </message>
    <message>
        <source>Choose the folder with the images, and one for the results.</source>
        <translation type="unfinished">画像のフォルダと結果のフォルダを選んでください。</translation>
    </message>
    <message>
        <source>Not run: a model that is also to run is not installed. Uncheck it under Advanced, or see section Models.</source>
        <translation type="unfinished">実行しませんでした: 同時に実行するモデルがインストールされていません。詳細オプションでチェックを外すか、モデルのセクションを参照してください。</translation>
    </message>
    <message>
        <source>Not run: the licence of the weights was not agreed to.</source>
        <translation type="unfinished">実行していません：重みのライセンスに同意されませんでした。</translation>
    </message>
    <message>
        <source>Choose the folder with the results.</source>
        <translation type="unfinished">結果のフォルダーを選択してください。</translation>
    </message>
    <message>
        <source>{parts}. {table} in the results folder lists all.</source>
        <translation type="unfinished">{parts}。結果フォルダの {table} に全件があります。</translation>
    </message>
    <message>
        <source>Cancel batch</source>
        <translation type="unfinished">バッチを中止</translation>
    </message>
    <message>
        <source>Run batch on the server</source>
        <translation type="unfinished">サーバーで一括処理を実行</translation>
    </message>
    <message>
        <source>Run batch</source>
        <translation type="unfinished">バッチを実行</translation>
    </message>
    <message>
        <source>Results in the folder: {count}.</source>
        <translation type="unfinished">フォルダー内の結果: {count} 件。</translation>
    </message>
    <message>
        <source>Cancelled. What is done is kept: Run batch goes on from there.</source>
        <translation type="unfinished">中止しました。完了した分は残ります。バッチを実行すると続きから始まります。</translation>
    </message>
    <message>
        <source>{done} done</source>
        <translation type="unfinished">{done} 件完了</translation>
    </message>
    <message>
        <source> ({before} of them before)</source>
        <translation type="unfinished"> （うち {before} 件は以前に完了）</translation>
    </message>
    <message>
        <source>{failed} failed</source>
        <translation type="unfinished">{failed} 件失敗</translation>
    </message>
    <message>
        <source>{review} uncertain, to be reviewed</source>
        <translation type="unfinished">{review} 件不確実、要確認</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.batchtable</name>
    <message>
        <source>failed</source>
        <translation type="unfinished">失敗</translation>
    </message>
    <message>
        <source>changed</source>
        <translation type="unfinished">変更あり</translation>
    </message>
    <message>
        <source>incomplete</source>
        <translation type="unfinished">不完全</translation>
    </message>
    <message>
        <source>done (before)</source>
        <translation type="unfinished">完了（以前）</translation>
    </message>
    <message>
        <source>done</source>
        <translation type="unfinished">完了</translation>
    </message>
    <message>
        <source>uncertain (before)</source>
        <translation type="unfinished">不確実（以前）</translation>
    </message>
    <message>
        <source>uncertain</source>
        <translation type="unfinished">不確実</translation>
    </message>
    <message>
        <source>Confidence {confidence}: to be reviewed</source>
        <translation type="unfinished">信頼度 {confidence}：要確認</translation>
    </message>
    <message>
        <source>{status}, region only</source>
        <translation type="unfinished">{status}、関心領域のみ</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.cases</name>
    <message>
        <source>A case is being loaded. Wait a moment.</source>
        <translation type="unfinished">症例を読み込んでいます。少しお待ちください。</translation>
    </message>
    <message>
        <source>{name} is loaded with its result, as after a run; Undo takes both away.</source>
        <translation type="unfinished">{name} を結果とともに読み込みました（実行後と同じ状態）。元に戻すと両方を取り除きます。</translation>
    </message>
    <message>
        <source>{name} is of {model}, which is not installed in this version: see section Models.</source>
        <translation type="unfinished">{name} は {model} の結果ですが、このバージョンはインストールされていません。モデルのセクションを参照してください。</translation>
    </message>
    <message>
        <source>{name} is in the scene already.</source>
        <translation type="unfinished">{name} はすでにシーンにあります。</translation>
    </message>
    <message>
        <source>Loading {name}...</source>
        <translation type="unfinished">{name} を読み込んでいます...</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.channels</name>
    <message>
        <source>Missing</source>
        <translation type="unfinished">なし</translation>
    </message>
    <message>
        <source>Volume:</source>
        <translation type="unfinished">ボリューム：</translation>
    </message>
    <message>
        <source>{name} lies under a transform that flattens space, or is no number: nothing can be measured there. Take it out of the transform (module Transforms), then try again.</source>
        <translation type="unfinished">{name} は、空間をつぶす、または数値でない変換の下にあります。そこでは何も計測できません。変換から外し（モジュール Transforms）、もう一度お試しください。</translation>
    </message>
    <message>
        <source>Volume ({channel}):</source>
        <translation type="unfinished">ボリューム（{channel}）：</translation>
    </message>
    <message>
        <source>{one} and {other} lie under different transforms that are not linear. Harden them (module Transforms), then run again.</source>
        <translation type="unfinished">{one} と {other} は、線形でない別々の変換の下にあります。変換を確定（Harden、Transforms モジュール）してから、もう一度実行してください。</translation>
    </message>
    <message>
        <source>{one} is of another patient than {other}, as their DICOM patient IDs say. Choose sequences of one patient.</source>
        <translation type="unfinished">DICOM の患者 ID によると、{one} は {other} とは別の患者のものです。同じ患者のシーケンスを選んでください。</translation>
    </message>
    <message>
        <source>{what}. Left empty, it is missing, and the model does without.</source>
        <translation type="unfinished">{what}。空欄なら欠けているものとして、モデルはそれなしで動きます。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.charts</name>
    <message>
        <source>slice</source>
        <translation type="unfinished">スライス</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.choices</name>
    <message>
        <source>as acquired (across the largest spacing)</source>
        <translation type="unfinished">撮像どおり（最大間隔の方向に直交）</translation>
    </message>
    <message>
        <source>axial</source>
        <translation type="unfinished">横断</translation>
    </message>
    <message>
        <source>coronal</source>
        <translation type="unfinished">冠状断</translation>
    </message>
    <message>
        <source>sagittal</source>
        <translation type="unfinished">矢状断</translation>
    </message>
    <message>
        <source>none</source>
        <translation type="unfinished">なし</translation>
    </message>
    <message>
        <source>what is attended to, by the learned upscaler (synthetic)</source>
        <translation type="unfinished">注目部分、学習済みアップスケーラによる（合成）</translation>
    </message>
    <message>
        <source>what is attended to, by Lanczos interpolation</source>
        <translation type="unfinished">注目部分、Lanczos 補間による</translation>
    </message>
    <message>
        <source>kind of lesion right</source>
        <translation type="unfinished">病変の種類の正答</translation>
    </message>
    <message>
        <source>accuracy</source>
        <translation type="unfinished">正解率</translation>
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
        <translation type="unfinished">全所見の正答</translation>
    </message>
    <message>
        <source>Dice</source>
        <translation type="unfinished">Dice</translation>
    </message>
    <message>
        <source>diagnosis right</source>
        <translation type="unfinished">診断の正答</translation>
    </message>
    <message>
        <source>each finding right</source>
        <translation type="unfinished">各所見の正答</translation>
    </message>
    <message>
        <source>lesions found</source>
        <translation type="unfinished">検出された病変</translation>
    </message>
    <message>
        <source>healthy slices left empty</source>
        <translation type="unfinished">正常スライスを空のまま</translation>
    </message>
    <message>
        <source>false pieces</source>
        <translation type="unfinished">偽の断片</translation>
    </message>
    <message>
        <source>of what speaks for the diagnosis</source>
        <translation type="unfinished">診断の根拠</translation>
    </message>
    <message>
        <source>auto</source>
        <translation type="unfinished">自動</translation>
    </message>
    <message>
        <source>for {diagnosis}</source>
        <translation type="unfinished">{diagnosis} について</translation>
    </message>
    <message>
        <source>auto: {device}</source>
        <translation type="unfinished">自動：{device}</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.compare</name>
    <message>
        <source>The comparison was taken back.</source>
        <translation type="unfinished">比較を元に戻しました。</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">中止しています...</translation>
    </message>
    <message>
        <source>Choose two segmentations first.</source>
        <translation type="unfinished">先に二つのセグメンテーションを選んでください。</translation>
    </message>
    <message>
        <source>{name}: {before} mL, then {after} mL ({change} mL, {percent} %)</source>
        <translation type="unfinished">{name}：{before} mL、その後 {after} mL（{change} mL、{percent} %）</translation>
    </message>
    <message>
        <source>The segmentation that was compared is no longer in the scene.</source>
        <translation type="unfinished">比較したセグメンテーションはもうシーンにありません。</translation>
    </message>
    <message>
        <source>A: {a}; B: {b}</source>
        <translation type="unfinished">A：{a}、B：{b}</translation>
    </message>
    <message>
        <source>Cancel comparing</source>
        <translation type="unfinished">比較を中止</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation type="unfinished">比較</translation>
    </message>
    <message>
        <source>{name}: volumes are not known</source>
        <translation type="unfinished">{name}：体積は不明</translation>
    </message>
    <message>
        <source>{name}: {before} mL, then {after} mL ({change} mL)</source>
        <translation type="unfinished">{name}：{before} mL、その後 {after} mL（{change} mL）</translation>
    </message>
    <message>
        <source>The comparison was cancelled.</source>
        <translation type="unfinished">比較を中止しました。</translation>
    </message>
    <message>
        <source>Not compared: the segmentation was removed meanwhile.</source>
        <translation type="unfinished">比較していません：その間にセグメンテーションが削除されました。</translation>
    </message>
    <message>
        <source>Compared. The table is in the scene.</source>
        <translation type="unfinished">比較しました。表はシーンにあります。</translation>
    </message>
    <message>
        <source>{names}: changed since the comparison. These numbers are of before: compare again.</source>
        <translation type="unfinished">{names}：比較後に変更されました。これらの数値は変更前のものです。もう一度比較してください。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.comparednodes</name>
    <message>
        <source>Choose two segmentations to compare.</source>
        <translation type="unfinished">比較する二つのセグメンテーションを選んでください。</translation>
    </message>
    <message>
        <source>segmentation</source>
        <translation type="unfinished">セグメンテーション</translation>
    </message>
    <message>
        <source>{name} cannot be converted to a binary labelmap. Do so in the module Segmentations.</source>
        <translation type="unfinished">{name} をバイナリラベルマップに変換できません。Segmentations モジュールで変換してください。</translation>
    </message>
    <message>
        <source>{a} - {b} comparison</source>
        <translation type="unfinished">{a} - {b} 比較</translation>
    </message>
    <message>
        <source>{a} - {b} difference</source>
        <translation type="unfinished">{a} - {b} 差</translation>
    </message>
    <message>
        <source>{name} is empty: draw a segment in it first.</source>
        <translation type="unfinished">{name} は空です。先にセグメントを描いてください。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.computer</name>
    <message>
        <source>This computer</source>
        <translation type="unfinished">このコンピューター</translation>
    </message>
    <message>
        <source>A server</source>
        <translation type="unfinished">サーバー</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">中止しています...</translation>
    </message>
    <message>
        <source>A server needs an address and a key. Its administrator gives you both; or choose This computer.</source>
        <translation type="unfinished">サーバーにはアドレスとキーが必要です。どちらも管理者が知らせます。または「このコンピューター」を選んでください。</translation>
    </message>
    <message>
        <source>The server was not asked.</source>
        <translation type="unfinished">サーバーには尋ねませんでした。</translation>
    </message>
    <message>
        <source>none</source>
        <translation type="unfinished">なし</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">中止</translation>
    </message>
    <message>
        <source>Test connection</source>
        <translation type="unfinished">接続をテスト</translation>
    </message>
    <message>
        <source>Asking {place}</source>
        <translation type="unfinished">{place} に問い合わせ中</translation>
    </message>
    <message>
        <source>{host} answers, takes the key, and has the models {models}.</source>
        <translation type="unfinished">{host} が応答し、キーを受け付けました。モデル: {models}。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.consent</name>
    <message>
        <source>The weights of {model} may be used for non-commercial purposes alone: {licence}.

Use them for such a purpose? You are asked once.</source>
        <translation type="unfinished">{model} の重みは非営利目的にのみ使用できます：{licence}。

そのような目的で使用しますか？確認は一度だけです。</translation>
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
        <translation type="unfinished">追加できる UnifiedViT の結果がありません。ボリュームにモデルを実行し、描かれたものを修正してから追加してください。</translation>
    </message>
    <message>
        <source>{name} does not know its volume: that is no longer in the scene, or {name} is a copy, or plays a sequence. Run on the volume again, and add that.</source>
        <translation type="unfinished">{name} は自分のボリュームを知りません。ボリュームがもうシーンにないか、{name} がコピーであるか、シーケンスを再生しています。ボリュームでもう一度実行し、その結果を追加してください。</translation>
    </message>
    <message>
        <source>{volume} no longer has the voxels that {name} was drawn on: it was changed, or its sequence shows another item. Show that item again, or run again, then add.</source>
        <translation type="unfinished">{volume} のボクセルは、{name} が描かれたときのものではありません。変更されたか、シーケンスが別の項目を表示しています。その項目を再び表示するか、もう一度実行してから追加してください。</translation>
    </message>
    <message>
        <source>{name} has several results ({results}). Say which one, as segmentationNode.</source>
        <translation type="unfinished">{name} には複数の結果があります（{results}）。segmentationNode でどれかを指定してください。</translation>
    </message>
    <message>
        <source>{name} looks at several sequences: a dataset of corrections holds images of one alone.</source>
        <translation type="unfinished">{name} は複数のシーケンスを見るモデルです。修正のデータセットには 1 つのシーケンスの画像だけが入ります。</translation>
    </message>
    <message>
        <source>{name} lies under a transform that bends space. Take it out of the transform (module Transforms), and its segmentation too, then add again.</source>
        <translation type="unfinished">{name} は空間をゆがめる変換の下にあります。ボリュームとそのセグメンテーションを変換から外し（モジュール Transforms）、もう一度追加してください。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.dicomresults</name>
    <message>
        <source>Only results of volumes that were loaded with Slicer&apos;s DICOM module can be saved as DICOM: they refer to the original images.</source>
        <translation type="unfinished">DICOM で保存できるのは、Slicer の DICOM モジュールで読み込んだボリュームの結果だけです。元の画像を参照するためです。</translation>
    </message>
    <message>
        <source>DICOM objects are made of results of this session alone, and there is none: a result that was loaded with a scene lacks what they need. Run again.</source>
        <translation type="unfinished">DICOM オブジェクトはこのセッションの結果からのみ作られますが、該当する結果がありません。シーンとともに読み込まれた結果には必要な情報がありません。もう一度実行してください。</translation>
    </message>
    <message>
        <source>{gone} of the {count} images of {name} are no longer in Slicer&apos;s DICOM database, or their files have gone. Import them again (module Add DICOM Data), then save.</source>
        <translation type="unfinished">{name} の画像 {count} 枚のうち {gone} 枚が Slicer の DICOM データベースにないか、ファイルが失われています。取り込み直して（Add DICOM Data モジュール）から保存してください。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.dicomview</name>
    <message>
        <source>{count} DICOM objects are written: {first} and others beside it.</source>
        <translation type="unfinished">{count} 個の DICOM オブジェクトを書き出しました：{first} と、同じ場所のその他のもの。</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">中止しています...</translation>
    </message>
    <message>
        <source>Mask, report, maps and picture as DICOM objects that refer to the original images: the result as it was computed, without later changes to its segments.</source>
        <translation type="unfinished">マスク、レポート、マップ、画像を、元の画像を参照する DICOM オブジェクトにします。計算されたままの結果で、その後のセグメントの変更は含みません。</translation>
    </message>
    <message>
        <source>Folder for the DICOM objects</source>
        <translation type="unfinished">DICOM オブジェクトのフォルダ</translation>
    </message>
    <message>
        <source>Add the objects to Slicer&apos;s DICOM database, too?</source>
        <translation type="unfinished">オブジェクトを Slicer の DICOM データベースにも追加しますか？</translation>
    </message>
    <message>
        <source>{count} DICOM objects are written and in Slicer&apos;s DICOM database: {first} and others beside it.</source>
        <translation type="unfinished">{count} 個の DICOM オブジェクトを書き出し、Slicer の DICOM データベースに追加しました：{first} と、同じ場所のその他のもの。</translation>
    </message>
    <message>
        <source>Cancel saving</source>
        <translation type="unfinished">保存を中止</translation>
    </message>
    <message>
        <source>Save as DICOM...</source>
        <translation type="unfinished">DICOM で保存...</translation>
    </message>
    <message>
        <source>Not saved: the segments were changed since the run.</source>
        <translation type="unfinished">保存していません：実行後にセグメントが変更されました。</translation>
    </message>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>The segments were changed since the run. The DICOM objects say what the model drew, without these changes, which Slicer&apos;s own export (Export to DICOM) writes. Write them?</source>
        <translation type="unfinished">実行後にセグメントが変更されました。DICOM オブジェクトはモデルが描いた内容を示し、これらの変更は含みません。変更は Slicer 自身の書き出し（Export to DICOM）で書き出せます。書き出しますか？</translation>
    </message>
    <message>
        <source>Results as DICOM need the package highdicom with what it needs (about 20 MB). Packages that are already there stay as they are. Install now?</source>
        <translation type="unfinished">DICOM で結果を保存するには、パッケージ highdicom とその依存パッケージ（約 20 MB）が必要です。既存のパッケージは変わりません。今インストールしますか？</translation>
    </message>
    <message>
        <source>Not saved: nothing was installed.</source>
        <translation type="unfinished">保存していません：何もインストールされませんでした。</translation>
    </message>
    <message>
        <source>Saving was cancelled.</source>
        <translation type="unfinished">保存を中止しました。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.furtherfiles</name>
    <message>
        <source>missing</source>
        <translation type="unfinished">なし</translation>
    </message>
    <message>
        <source>{what}: the name of its file beside each image, with a * for what the * of the pattern stands for, for example *_{name}.nii.gz beside *_t1c.nii.gz. Left empty, it is missing, and the model does without.</source>
        <translation type="unfinished">{what}: 各画像の隣にあるファイルの名前。パターンの * が表すものを * で書きます。例: *_t1c.nii.gz の隣の *_{name}.nii.gz。空欄の場合はないものとして、モデルはそれなしで処理します。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.maps</name>
    <message>
        <source>Heat map: {diagnosis}</source>
        <translation type="unfinished">ヒートマップ：{diagnosis}</translation>
    </message>
    <message>
        <source>What speaks for {diagnosis}, by {method}</source>
        <translation type="unfinished">{diagnosis} の根拠（{method} による）</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.models</name>
    <message>
        <source>Downloaded and imported models: {models:.1f} MB, networks compiled for this computer: {compiled:.1f} MB; in {folder}</source>
        <translation type="unfinished">ダウンロードまたは取り込んだモデル：{models:.1f} MB、このコンピュータ用にコンパイルされたネットワーク：{compiled:.1f} MB、保存先 {folder}</translation>
    </message>
    <message>
        <source>Download {name} {version} ({size:.0f} MB)? Its weights are under {licence}. It is kept in {folder}.</source>
        <translation type="unfinished">{name} {version}（{size:.0f} MB）をダウンロードしますか？重みのライセンスは {licence} です。{folder} に保存されます。</translation>
    </message>
    <message>
        <source>Remove all downloaded and imported models, and networks compiled for this computer, which are compiled again when they are needed ({size:.1f} MB), from {folder}?</source>
        <translation type="unfinished">ダウンロードまたは取り込んだすべてのモデルと、このコンピュータ用にコンパイルされたネットワーク（必要なときに再コンパイルされます）を {folder} から削除しますか（{size:.1f} MB）？</translation>
    </message>
    <message>
        <source>{version} (installed)</source>
        <translation type="unfinished">{version}（インストール済み）</translation>
    </message>
    <message>
        <source>comes with UnifiedViT</source>
        <translation type="unfinished">UnifiedViT に付属</translation>
    </message>
    <message>
        <source>installed</source>
        <translation type="unfinished">インストール済み</translation>
    </message>
    <message>
        <source>update available</source>
        <translation type="unfinished">更新あり</translation>
    </message>
    <message>
        <source>to download</source>
        <translation type="unfinished">ダウンロード可能</translation>
    </message>
    <message>
        <source>not to be had</source>
        <translation type="unfinished">利用不可</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">中止しています...</translation>
    </message>
    <message>
        <source>Folder for downloaded models</source>
        <translation type="unfinished">ダウンロードしたモデルのフォルダ</translation>
    </message>
    <message>
        <source>no folder</source>
        <translation type="unfinished">フォルダなし</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">中止</translation>
    </message>
    <message>
        <source>Download...</source>
        <translation type="unfinished">ダウンロード...</translation>
    </message>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>A model&apos;s folder</source>
        <translation type="unfinished">モデルのフォルダ</translation>
    </message>
    <message>
        <source>The model was removed.</source>
        <translation type="unfinished">モデルを削除しました。</translation>
    </message>
    <message>
        <source>All downloaded and imported models and all compiled networks were removed.</source>
        <translation type="unfinished">ダウンロードまたは取り込んだすべてのモデルと、コンパイルされたすべてのネットワークを削除しました。</translation>
    </message>
    <message>
        <source>{state}, {size:.1f} MB</source>
        <translation type="unfinished">{state}, {size:.1f} MB</translation>
    </message>
    <message>
        <source>Needs PyTorch.</source>
        <translation type="unfinished">PyTorch が必要です。</translation>
    </message>
    <message>
        <source>Version {version}, which it took the place of, is used again.</source>
        <translation type="unfinished">置き換えられていたバージョン {version} が再び使われます。</translation>
    </message>
    <message>
        <source>{state}, {place}</source>
        <translation type="unfinished">{state}、{place}</translation>
    </message>
    <message>
        <source>It comes from {place}.</source>
        <translation type="unfinished">取得元：{place}</translation>
    </message>
    <message>
        <source>It takes the place of version {version}.</source>
        <translation type="unfinished">バージョン {version} と置き換わります。</translation>
    </message>
    <message>
        <source>Remove {name} {version} from {folder}?</source>
        <translation type="unfinished">{name} {version} を {folder} から削除しますか？</translation>
    </message>
    <message>
        <source>Models are kept in {folder} from now on.</source>
        <translation type="unfinished">今後、モデルは {folder} に保存されます。</translation>
    </message>
    <message>
        <source>Cancelled. What is there already is kept for next time.</source>
        <translation type="unfinished">中止しました。取得済みの部分は次回のために残されます。</translation>
    </message>
    <message>
        <source>A model&apos;s .zip, or its model.json</source>
        <translation type="unfinished">モデルの .zip、またはその model.json</translation>
    </message>
    <message>
        <source>Models (*.zip model.json)</source>
        <translation type="unfinished">モデル (*.zip model.json)</translation>
    </message>
    <message>
        <source>The model is installed.</source>
        <translation type="unfinished">モデルをインストールしました。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.panel</name>
    <message>
        <source>{value} (not installed)</source>
        <translation type="unfinished">{value}（未インストール）</translation>
    </message>
    <message>
        <source>{value} (not available here)</source>
        <translation type="unfinished">{value}（ここでは使用できません）</translation>
    </message>
    <message>
        <source>Model {model} is not installed: choose another, or see section Models.</source>
        <translation type="unfinished">モデル {model} はインストールされていません。別のモデルを選ぶか、「モデル」の欄をご覧ください。</translation>
    </message>
    <message>
        <source>Starting...</source>
        <translation type="unfinished">開始しています...</translation>
    </message>
    <message>
        <source>The result was taken back.</source>
        <translation type="unfinished">結果を元に戻しました。</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">中止しています...</translation>
    </message>
    <message>
        <source>Ctrl+Enter runs, Esc cancels.</source>
        <translation type="unfinished">Ctrl+Enter で実行、Esc で中止。</translation>
    </message>
    <message>
        <source>Choose a volume and a model first.</source>
        <translation type="unfinished">先にボリュームとモデルを選んでください。</translation>
    </message>
    <message>
        <source>for {value} (not of this model)</source>
        <translation type="unfinished">{value} について（このモデルにはありません）</translation>
    </message>
    <message>
        <source>Cancelled. The scene is as it was.</source>
        <translation type="unfinished">中止しました。シーンは元のままです。</translation>
    </message>
    <message>
        <source>Not run: the licence of the weights was not agreed to.</source>
        <translation type="unfinished">実行していません：重みのライセンスに同意されませんでした。</translation>
    </message>
    <message>
        <source>The volume was removed from the scene: its run was ended.</source>
        <translation type="unfinished">ボリュームがシーンから削除されたため、実行を終了しました。</translation>
    </message>
    <message>
        <source>A run is under way. Wait until it has ended, then load the case again.</source>
        <translation type="unfinished">実行中です。終わってから、もう一度症例を読み込んでください。</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">中止</translation>
    </message>
    <message>
        <source>Run on the server</source>
        <translation type="unfinished">サーバーで実行</translation>
    </message>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>Run</source>
        <translation type="unfinished">実行</translation>
    </message>
    <message>
        <source>The result could not be put into the scene, which is as it was ({error}). Free memory and run again; if that does not help, please report it.</source>
        <translation type="unfinished">結果をシーンに追加できませんでした。シーンは元のままです（{error}）。メモリを空けて再度実行し、それでも解決しない場合は報告してください。</translation>
    </message>
    <message>
        <source>Run {count} models</source>
        <translation type="unfinished">{count} 個のモデルを実行</translation>
    </message>
    <message>
        <source>&lt;b&gt;Expects&lt;/b&gt; {what}</source>
        <translation type="unfinished">&lt;b&gt;対象&lt;/b&gt; {what}</translation>
    </message>
    <message>
        <source>Not taken back: the result was changed since the run.</source>
        <translation type="unfinished">取り消しませんでした。結果は実行後に変更されています。</translation>
    </message>
    <message>
        <source>&lt;b&gt;Weights&lt;/b&gt; {licence}</source>
        <translation type="unfinished">&lt;b&gt;重み&lt;/b&gt; {licence}</translation>
    </message>
    <message>
        <source>Done in {seconds:.1f} s.</source>
        <translation type="unfinished">{seconds:.1f} 秒で完了しました。</translation>
    </message>
    <message>
        <source>Segments, names or the table of the result were changed since the run. Undo takes these changes away too. Take the result back?</source>
        <translation type="unfinished">結果のセグメント、名前または表は実行後に変更されています。「元に戻す」を行うと、これらの変更も失われます。結果を取り消しますか？</translation>
    </message>
    <message>
        <source> (about {seconds:.0f} s left)</source>
        <translation type="unfinished"> (残り約 {seconds:.0f} 秒)</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.patient</name>
    <message>
        <source>Choose at least one result of UnifiedViT.</source>
        <translation type="unfinished">UnifiedViT の結果を少なくとも1つ選択してください。</translation>
    </message>
    <message>
        <source>{name}: {value}</source>
        <translation type="unfinished">{name}: {value}</translation>
    </message>
    <message>
        <source>{name}: {value} (without it, {diagnosis} {probability})</source>
        <translation type="unfinished">{name}: {value} (これがなければ {diagnosis} {probability})</translation>
    </message>
    <message>
        <source>Missing</source>
        <translation type="unfinished">なし</translation>
    </message>
    <message>
        <source>{name} is of another patient than {other}. Choose the images of one patient.</source>
        <translation type="unfinished">{name} は {other} とは別の患者のものです。1人の患者の画像を選択してください。</translation>
    </message>
    <message>
        <source>The result {name} of this scene is damaged. Run the model again.</source>
        <translation type="unfinished">このシーンの結果 {name} は壊れています。モデルをもう一度実行してください。</translation>
    </message>
    <message>
        <source>The results in the scene have changed meanwhile. Check them again.</source>
        <translation type="unfinished">シーンの結果がその間に変わりました。もう一度チェックを入れてください。</translation>
    </message>
    <message>
        <source>Images alone: {diagnosis} {probability}</source>
        <translation type="unfinished">画像のみ: {diagnosis} {probability}</translation>
    </message>
    <message>
        <source>A package that the model needs is missing ({error}). Run the model once: the panel offers to install it.</source>
        <translation type="unfinished">モデルに必要なパッケージがありません ({error})。モデルを一度実行すると、パネルがインストールを提案します。</translation>
    </message>
    <message>
        <source>{name} is no result of {model} {version}. Look at all images with one model.</source>
        <translation type="unfinished">{name} は {model} {version} の結果ではありません。すべての画像を1つのモデルで解析してください。</translation>
    </message>
    <message>
        <source>Missing: {fields}</source>
        <translation type="unfinished">不明: {fields}</translation>
    </message>
    <message>
        <source>{name} and {other} are results of one image, which would count twice. Choose one of them.</source>
        <translation type="unfinished">{name} と {other} は同じ画像の結果で、二重に数えられてしまいます。どちらか1つを選択してください。</translation>
    </message>
    <message>
        <source>From {low} to {high}. The model has learnt from {first} to {last}.</source>
        <translation type="unfinished">{low} から {high} まで。モデルは {first} から {last} までを学習しています。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.region</name>
    <message>
        <source>none</source>
        <translation type="unfinished">なし</translation>
    </message>
    <message>
        <source>Region of interest</source>
        <translation type="unfinished">関心領域</translation>
    </message>
    <message>
        <source>A region of interest is a Markups ROI or a segmentation with a segment. Choose one of these.</source>
        <translation type="unfinished">関心領域は、Markups の ROI か、セグメントを含むセグメンテーションです。どちらかを選んでください。</translation>
    </message>
    <message>
        <source>{name} is not placed yet. Draw it in a slice view first.</source>
        <translation type="unfinished">{name} はまだ配置されていません。先にスライスビューで描いてください。</translation>
    </message>
    <message>
        <source>{name} is inside out: it names what is not of interest. Switch that off in the module Markups.</source>
        <translation type="unfinished">{name} は反転（inside out）されており、関心のない部分を示しています。Markups モジュールで解除してください。</translation>
    </message>
    <message>
        <source>{name} has no segment {segment}; there are: {there}. Choose one of them for the region.</source>
        <translation type="unfinished">{name} にセグメント {segment} はありません。あるのは {there} です。領域に使うものを選んでください。</translation>
    </message>
    <message>
        <source>Region of interest: {name}</source>
        <translation type="unfinished">関心領域：{name}</translation>
    </message>
    <message>
        <source>ROI {name}</source>
        <translation type="unfinished">ROI {name}</translation>
    </message>
    <message>
        <source>{segment} (not there)</source>
        <translation type="unfinished">{segment}（ありません）</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.repositories</name>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">中止しています...</translation>
    </message>
    <message>
        <source>{place} (signed)</source>
        <translation type="unfinished">{place}（署名あり）</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">中止</translation>
    </message>
    <message>
        <source>Look for updates</source>
        <translation type="unfinished">更新を確認</translation>
    </message>
    <message>
        <source>The repository is forgotten. Models that came from it stay.</source>
        <translation type="unfinished">リポジトリの登録を解除しました。そこから取得したモデルは残ります。</translation>
    </message>
    <message>
        <source>Cancelled. The models that were known are listed still.</source>
        <translation type="unfinished">中止しました。既知のモデルは一覧に残っています。</translation>
    </message>
    <message>
        <source>Nothing new.</source>
        <translation type="unfinished">新しいものはありません。</translation>
    </message>
    <message>
        <source>As of {time}</source>
        <translation type="unfinished">{time} 時点</translation>
    </message>
    <message>
        <source>The repository is added; models in it: {count}.</source>
        <translation type="unfinished">リポジトリを追加しました。モデル数：{count}</translation>
    </message>
    <message>
        <source>New: {models}.</source>
        <translation type="unfinished">新着：{models}</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.results</name>
    <message>
        <source>nothing drawn</source>
        <translation type="unfinished">何も描かれていません</translation>
    </message>
    <message>
        <source>drawn, size not known</source>
        <translation type="unfinished">描画あり、大きさは不明</translation>
    </message>
    <message>
        <source>The line marks the probability from which on it is found.</source>
        <translation type="unfinished">線は、所見ありと判定される確率を示します。</translation>
    </message>
    <message>
        <source>Save report</source>
        <translation type="unfinished">レポートを保存</translation>
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
        <translation type="unfinished">各クラスのスライスごとの確率：{classes}</translation>
    </message>
    <message>
        <source>The surface could not be made from this segmentation.</source>
        <translation type="unfinished">このセグメンテーションから表面を作成できませんでした。</translation>
    </message>
    <message>
        <source>Nothing is drawn in this segmentation.</source>
        <translation type="unfinished">このセグメンテーションには何も描かれていません。</translation>
    </message>
    <message>
        <source>The result is in the clipboard.</source>
        <translation type="unfinished">結果をクリップボードにコピーしました。</translation>
    </message>
    <message>
        <source>This result is of {name}, not of the volume that is chosen above.</source>
        <translation type="unfinished">この結果は {name} のもので、上で選択されているボリュームのものではありません。</translation>
    </message>
    <message>
        <source>The report is in {path}</source>
        <translation type="unfinished">レポートの保存先：{path}</translation>
    </message>
    <message>
        <source>, item {number}</source>
        <translation type="unfinished">, 項目 {number}</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.run</name>
    <message>
        <source>The volume was removed from the scene before its result came.</source>
        <translation type="unfinished">結果が出る前に、ボリュームがシーンから削除されました。</translation>
    </message>
    <message>
        <source>The voxels of {names} were changed while the model looked at them: this is the result for the voxels as they were. Run again.</source>
        <translation type="unfinished">モデルが見ている間に {names} のボクセルが変更されました。これは変更前のボクセルに対する結果です。もう一度実行してください。</translation>
    </message>
    <message>
        <source>{name} holds the result of another volume, and stays: this result is in a new segmentation.</source>
        <translation type="unfinished">{name} は別のボリュームの結果であるため残されました。今回の結果は新しいセグメンテーションにあります。</translation>
    </message>
    <message>
        <source>The segments of {name} were changed since its run, and stay: this result is in a new segmentation.</source>
        <translation type="unfinished">{name} のセグメントは実行後に変更されているため残されました。今回の結果は新しいセグメンテーションにあります。</translation>
    </message>
    <message>
        <source>{name} holds what no run has made, and stays: this result is in a new segmentation.</source>
        <translation type="unfinished">{name} には実行によらない内容があるため、そのまま残ります。この結果は新しいセグメンテーションにあります。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.sentences</name>
    <message>
        <source>{number} of {count}, {name}: {stage}</source>
        <translation type="unfinished">{number} / {count}、{name}：{stage}</translation>
    </message>
    <message>
        <source>Loading the model</source>
        <translation type="unfinished">モデルを読み込んでいます</translation>
    </message>
    <message>
        <source>Preparing</source>
        <translation type="unfinished">準備しています</translation>
    </message>
    <message>
        <source>Looking at slice {slice} of {count}</source>
        <translation type="unfinished">スライス {slice} / {count} を見ています</translation>
    </message>
    <message>
        <source>Explaining slice {slice} of {count}</source>
        <translation type="unfinished">スライス {slice} / {count} の根拠を求めています</translation>
    </message>
    <message>
        <source>Super-resolution, region {region} of {count}</source>
        <translation type="unfinished">超解像、領域 {region} / {count}</translation>
    </message>
    <message>
        <source>Comparing ways to compute, once on this computer</source>
        <translation type="unfinished">計算方法を比較しています（このコンピュータで一度だけ）</translation>
    </message>
    <message>
        <source>Laying the segmentations over each other</source>
        <translation type="unfinished">セグメンテーションを重ね合わせています</translation>
    </message>
    <message>
        <source>Comparing {name}</source>
        <translation type="unfinished">{name} を比較しています</translation>
    </message>
    <message>
        <source>Reading the DICOM images</source>
        <translation type="unfinished">DICOM 画像を読み込んでいます</translation>
    </message>
    <message>
        <source>Making DICOM objects</source>
        <translation type="unfinished">DICOM オブジェクトを作成しています</translation>
    </message>
    <message>
        <source>Writing DICOM objects</source>
        <translation type="unfinished">DICOM オブジェクトを書き出しています</translation>
    </message>
    <message>
        <source>Asking {place}</source>
        <translation type="unfinished">{place} に問い合わせ中</translation>
    </message>
    <message>
        <source>Sending to {place}</source>
        <translation type="unfinished">{place} に送信しています</translation>
    </message>
    <message>
        <source>Waiting on {place}: {number} in line</source>
        <translation type="unfinished">{place} を待っています: {number} 番目</translation>
    </message>
    <message>
        <source>Fetching from {place}</source>
        <translation type="unfinished">{place} から受信しています</translation>
    </message>
    <message>
        <source>Reading the result</source>
        <translation type="unfinished">結果を読み込み中</translation>
    </message>
    <message>
        <source>Loading the training package</source>
        <translation type="unfinished">学習用パッケージを読み込み中</translation>
    </message>
    <message>
        <source>Preparing the cases</source>
        <translation type="unfinished">症例を準備中</translation>
    </message>
    <message>
        <source>Learning: epoch {number} of {count}</source>
        <translation type="unfinished">学習中：エポック {number} / {count}</translation>
    </message>
    <message>
        <source>Evaluating</source>
        <translation type="unfinished">評価中</translation>
    </message>
    <message>
        <source>Evaluating whole volumes</source>
        <translation type="unfinished">ボリューム全体を評価中</translation>
    </message>
    <message>
        <source>Evaluating on the reference</source>
        <translation type="unfinished">参照データで評価中</translation>
    </message>
    <message>
        <source>Comparing the two models</source>
        <translation type="unfinished">二つのモデルを比較中</translation>
    </message>
    <message>
        <source>Writing the model</source>
        <translation type="unfinished">モデルを書き込み中</translation>
    </message>
    <message>
        <source>Installing PyTorch</source>
        <translation type="unfinished">PyTorch をインストール中</translation>
    </message>
    <message>
        <source>Installing packages</source>
        <translation type="unfinished">パッケージをインストール中</translation>
    </message>
    <message>
        <source>Looking for the build that fits the GPU</source>
        <translation type="unfinished">GPU に合うビルドを検索中</translation>
    </message>
    <message>
        <source>Looking for packages</source>
        <translation type="unfinished">パッケージを検索中</translation>
    </message>
    <message>
        <source>Fetching packages</source>
        <translation type="unfinished">パッケージを取得中</translation>
    </message>
    <message>
        <source>Trying the packages</source>
        <translation type="unfinished">パッケージを試用中</translation>
    </message>
    <message>
        <source>Putting packages in place</source>
        <translation type="unfinished">パッケージを配置中</translation>
    </message>
    <message>
        <source>A 2-D image tells neither its orientation nor its thickness: sizes are not known, no volumes in mL are given.</source>
        <translation type="unfinished">2D 画像には向きも厚さも記録されていません。大きさは不明で、mL 単位の体積は示されません。</translation>
    </message>
    <message>
        <source>The image does not tell the size of its voxels: sizes are not known, no volumes in mL are given.</source>
        <translation type="unfinished">画像にボクセルの大きさが記録されていません。大きさは不明で、mL 単位の体積は示されません。</translation>
    </message>
    <message>
        <source>The image does not tell how its axes lie in the patient: right and left may be exchanged, and slices turned. Compare them with the original.</source>
        <translation type="unfinished">画像の軸が患者に対してどの向きか記録されていません。左右が逆になっていたり、スライスが回転していたりする可能性があります。元の画像と照合してください。</translation>
    </message>
    <message>
        <source>The image is much coarser than what the model was trained on; small findings cannot be seen.</source>
        <translation type="unfinished">画像はモデルの訓練に使われたものよりはるかに粗く、小さな所見は見えません。</translation>
    </message>
    <message>
        <source>Without {channels}: the model was not given all that it can use.</source>
        <translation type="unfinished">{channels} なし：モデルが利用できる画像がすべては与えられていません。</translation>
    </message>
    <message>
        <source>Without {channels}: the model was not given all that it can use. Whether it was trained on such images is not judged.</source>
        <translation type="unfinished">{channels} なし：モデルが利用できる画像がすべては与えられていません。このような画像で訓練されたかどうかは判定されません。</translation>
    </message>
    <message>
        <source>The slices are shifted against each other by up to {distance} mm (a gantry tilted by {degrees}°): the volume was corrected to right angles.</source>
        <translation type="unfinished">スライスが互いに最大 {distance} mm ずれています（ガントリが {degrees}° 傾斜）。ボリュームは直角に補正されました。</translation>
    </message>
    <message>
        <source>The slices are not quite evenly spaced: positions may be off by up to {distance} mm.</source>
        <translation type="unfinished">スライス間隔が完全には均等でありません。位置が最大 {distance} mm ずれる可能性があります。</translation>
    </message>
    <message>
        <source>The image says that it is {modality}; this model knows {expected}. Do not rely on the answer.</source>
        <translation type="unfinished">画像は {modality} と記録されていますが、このモデルの対象は {expected} です。答えに頼らないでください。</translation>
    </message>
    <message>
        <source>Air has negative values, as in CT (Hounsfield units); this model knows {expected}. Do not rely on the answer.</source>
        <translation type="unfinished">空気が CT のように負の値です（Hounsfield 単位）。このモデルの対象は {expected} です。答えに頼らないでください。</translation>
    </message>
    <message>
        <source>{name} has only {count} different values: a mask or a label map, not a scan. Check that the right file was loaded.</source>
        <translation type="unfinished">{name} には異なる値が {count} 個しかありません。マスクかラベルマップであり、撮像データではありません。正しいファイルが読み込まれたか確認してください。</translation>
    </message>
    <message>
        <source>The image does not look like what the model was trained on ({where} further from the training images than 99% of the images kept for validation). Do not rely on the answer.</source>
        <translation type="unfinished">画像はモデルの訓練画像に似ていません（{where}、検証用に取り置いた画像の 99% よりも訓練画像から離れています）。答えに頼らないでください。</translation>
    </message>
    <message>
        <source>it lies</source>
        <translation type="unfinished">この画像が</translation>
    </message>
    <message>
        <source>{share} of its slices lie</source>
        <translation type="unfinished">スライスの {share} が</translation>
    </message>
    <message>
        <source>The image seems to be {rotation}: put right, it would look more like what the model was trained on. Check its orientation.</source>
        <translation type="unfinished">画像は{rotation}ようです。正しい向きにすると、モデルの訓練画像により近くなります。向きを確認してください。</translation>
    </message>
    <message>
        <source>upside down</source>
        <translation type="unfinished">上下が逆になっている</translation>
    </message>
    <message>
        <source>turned to the right</source>
        <translation type="unfinished">右に回転している</translation>
    </message>
    <message>
        <source>turned to the left</source>
        <translation type="unfinished">左に回転している</translation>
    </message>
    <message>
        <source>uncertain — review</source>
        <translation type="unfinished">不確実 — 要確認</translation>
    </message>
    <message>
        <source>The diagnosis is never to be taken without a reader: of this model&apos;s answers to the images that it was judged on, too many were wrong, however sure it was. Review it.</source>
        <translation type="unfinished">この診断は、読影者なしに採用してはなりません。評価に使われた画像に対するこのモデルの答えは、どれほど確信が高くても誤りが多すぎました。確認してください。</translation>
    </message>
    <message>
        <source>The diagnosis is uncertain ({probability} {meaning}, under {threshold}): review it.</source>
        <translation type="unfinished">診断は不確実です（{meaning} {probability}、{threshold} 未満）。確認してください。</translation>
    </message>
    <message>
        <source>confidence over all passes</source>
        <translation type="unfinished">全計算の信頼度</translation>
    </message>
    <message>
        <source>for the likeliest class</source>
        <translation type="unfinished">最も可能性の高いクラスの確率</translation>
    </message>
    <message>
        <source>The two answers contradict each other: the diagnosis is {diagnosis}, yet {region} is drawn.</source>
        <translation type="unfinished">二つの答えが矛盾しています：診断は {diagnosis} ですが、{region}。</translation>
    </message>
    <message>
        <source>a region</source>
        <translation type="unfinished">領域が描かれています</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation type="unfinished">何も描かれていません</translation>
    </message>
    <message>
        <source>The two answers contradict each other: {finding} found, yet {segment} is not drawn.</source>
        <translation type="unfinished">二つの答えが矛盾しています：{finding} ありとされましたが、{segment} は描かれていません。</translation>
    </message>
    <message>
        <source>The two answers contradict each other: {segment} is drawn, yet {finding} is not found.</source>
        <translation type="unfinished">二つの答えが矛盾しています：{segment} が描かれていますが、{finding} はなしとされました。</translation>
    </message>
    <message>
        <source>Uncertain, as close to the threshold: {findings}. Review it.</source>
        <translation type="unfinished">しきい値に近いため不確実です：{findings}。確認してください。</translation>
    </message>
    <message>
        <source>The segments were changed since the run: amounts and sentences are of what the model drew, outlines as they are now.</source>
        <translation type="unfinished">実行後にセグメントが変更されました。量と文章はモデルが描いたものについてのもので、輪郭は現在のものです。</translation>
    </message>
    <message>
        <source>The volume and its segmentation were moved apart since the run: outlines lie beside what they outline. Move both alike, or run again.</source>
        <translation type="unfinished">実行後にボリュームとセグメンテーションの位置がずれました。輪郭は対象の横にあります。両方を同じように動かすか、もう一度実行してください。</translation>
    </message>
    <message>
        <source>The volume was moved or resized since the run: places and sizes in words are as they were then.</source>
        <translation type="unfinished">実行後にボリュームが移動されたか、大きさが変更されました。文中の位置と大きさは実行時のものです。</translation>
    </message>
    <message>
        <source>The volume has gone, or no longer has the voxels that were looked at: it was changed, or its sequence shows another item. The result is of what it was; a report has no pictures.</source>
        <translation type="unfinished">ボリュームがなくなったか、解析したボクセルではなくなりました。変更されたか、シーケンスが別の項目を表示しています。結果は以前のもので、レポートに画像はありません。</translation>
    </message>
    <message>
        <source>Metadata changed the diagnosis: from the images alone it would be {diagnosis}.</source>
        <translation type="unfinished">メタデータにより診断が変わりました。画像だけでは {diagnosis} になります。</translation>
    </message>
    <message>
        <source>The images contradict each other: {diagnoses}.</source>
        <translation type="unfinished">画像どうしが矛盾しています: {diagnoses}。</translation>
    </message>
    <message>
        <source>The patient&apos;s diagnosis is uncertain ({diagnosis}, under {threshold}): review it.</source>
        <translation type="unfinished">患者の診断は不確かです ({diagnosis}、{threshold} 未満)。確認してください。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.sequences</name>
    <message>
        <source>No sequence is chosen. Load a sequence of volumes and choose it.</source>
        <translation type="unfinished">シーケンスが選ばれていません。ボリュームのシーケンスを読み込んで選んでください。</translation>
    </message>
    <message>
        <source>The sequence was removed from the scene: its run was ended.</source>
        <translation type="unfinished">シーケンスがシーンから削除されたため、実行を終了しました。</translation>
    </message>
    <message>
        <source>{name} is in no scene. Add it to one.</source>
        <translation type="unfinished">{name} はどのシーンにもありません。シーンに追加してください。</translation>
    </message>
    <message>
        <source>{name} has no items. Load the sequence again.</source>
        <translation type="unfinished">{name} に項目がありません。シーケンスをもう一度読み込んでください。</translation>
    </message>
    <message>
        <source>{name} is no sequence of volumes. Choose one of volumes.</source>
        <translation type="unfinished">{name} はボリュームのシーケンスではありません。ボリュームのシーケンスを選択してください。</translation>
    </message>
    <message>
        <source>The item {index} was taken out of the sequence, or given another index, meanwhile. Run the sequence again.</source>
        <translation type="unfinished">項目 {index} は、その間にシーケンスから取り除かれたか、別のインデックスになりました。シーケンスをもう一度実行してください。</translation>
    </message>
    <message>
        <source>{name} was changed while it was looked at: its voxels, spacing, origin or directions. Run the sequence again.</source>
        <translation type="unfinished">{name} は解析中に変更されました（ボクセル、間隔、原点または方向）。シーケンスをもう一度実行してください。</translation>
    </message>
    <message>
        <source>item {number} of {count}: {stage}</source>
        <translation type="unfinished">項目 {number} / {count}：{stage}</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.sequenceview</name>
    <message>
        <source>The run of the sequence was taken back.</source>
        <translation type="unfinished">シーケンスの実行を取り消しました。</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">中止しています...</translation>
    </message>
    <message>
        <source>Not run: the licence of the weights was not agreed to.</source>
        <translation type="unfinished">実行していません：重みのライセンスに同意されませんでした。</translation>
    </message>
    <message>
        <source>failed</source>
        <translation type="unfinished">失敗</translation>
    </message>
    <message>
        <source>No sequence browser plays this sequence: make one in the module Sequences.</source>
        <translation type="unfinished">このシーケンスを再生するシーケンスブラウザーがありません。Sequences モジュールで作成してください。</translation>
    </message>
    <message>
        <source>The plot is no longer in the scene.</source>
        <translation type="unfinished">グラフはもうシーンにありません。</translation>
    </message>
    <message>
        <source>Cancel sequence</source>
        <translation type="unfinished">シーケンスを中止</translation>
    </message>
    <message>
        <source>Run sequence on the server</source>
        <translation type="unfinished">サーバーでシーケンスを実行</translation>
    </message>
    <message>
        <source>Run sequence</source>
        <translation type="unfinished">シーケンスを実行</translation>
    </message>
    <message>
        <source>The sequence was removed from the scene: its run was ended.</source>
        <translation type="unfinished">シーケンスがシーンから削除されたため、実行を終了しました。</translation>
    </message>
    <message>
        <source>{done} of {count} items are done; they play with the volumes, and a table and a plot over time are in the scene.</source>
        <translation type="unfinished">{count} 項目中 {done} 項目が完了しました。ボリュームとともに再生され、時系列の表とグラフがシーンにあります。</translation>
    </message>
    <message>
        <source>Cancelled. Items that are done and in the scene: {done} of {count}.</source>
        <translation type="unfinished">中止しました。完了してシーンにある項目: {count} 中 {done}。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.setup</name>
    <message>
        <source>OpenVINO: CPU, light</source>
        <translation type="unfinished">OpenVINO：CPU、軽量</translation>
    </message>
    <message>
        <source>PyTorch: CPU and GPU</source>
        <translation type="unfinished">PyTorch：CPU と GPU</translation>
    </message>
    <message>
        <source>The installation was cancelled, and can be begun again.</source>
        <translation type="unfinished">インストールは中止されました。もう一度始めることができます。</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">中止</translation>
    </message>
    <message>
        <source>Install what is missing...</source>
        <translation type="unfinished">不足分をインストール...</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">中止しています...</translation>
    </message>
    <message>
        <source>Folder with wheels (.whl)</source>
        <translation type="unfinished">wheel（.whl）のフォルダ</translation>
    </message>
    <message>
        <source>PyTorch is installed.</source>
        <translation type="unfinished">PyTorch はインストールされました。</translation>
    </message>
    <message>
        <source>Slicer is installing packages for another module. Wait until that has ended, then try again.</source>
        <translation type="unfinished">Slicer が別のモジュールのパッケージをインストールしています。終わるのを待って、もう一度試してください。</translation>
    </message>
    <message>
        <source>Nothing was installed.</source>
        <translation type="unfinished">何もインストールされませんでした。</translation>
    </message>
    <message>
        <source>All packages that are needed are here.</source>
        <translation type="unfinished">必要なパッケージはすべて揃っています。</translation>
    </message>
    <message>
        <source>UnifiedViT</source>
        <translation type="unfinished">UnifiedViT</translation>
    </message>
    <message>
        <source>{packages} cannot be installed anew, as another module of Slicer uses what is there. Start Slicer again, and install before that module is used.</source>
        <translation type="unfinished">{packages} は、Slicer の別のモジュールが既存のものを使用しているため、新たにインストールできません。Slicer を再起動し、そのモジュールを使う前にインストールしてください。</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.severalmodels</name>
    <message>
        <source>Several models add a segmentation each: name at least one model, and no segmentation to replace.</source>
        <translation type="unfinished">複数のモデルはそれぞれセグメンテーションを追加します。少なくとも一つのモデルを指定し、置き換えるセグメンテーションは指定しないでください。</translation>
    </message>
    <message>
        <source>{value} (not installed)</source>
        <translation type="unfinished">{value}（未インストール）</translation>
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
        <translation type="unfinished">所見なし</translation>
    </message>
    <message>
        <source>Not known</source>
        <translation type="unfinished">不明</translation>
    </message>
    <message>
        <source>Folder of the dataset</source>
        <translation type="unfinished">データセットのフォルダー</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation type="unfinished">中止しています...</translation>
    </message>
    <message>
        <source>A result, a folder and who corrected it are needed first.</source>
        <translation type="unfinished">先に結果、フォルダー、確認者が必要です。</translation>
    </message>
    <message>
        <source>Nothing found</source>
        <translation type="unfinished">所見なし</translation>
    </message>
    <message>
        <source>Cancel adding</source>
        <translation type="unfinished">追加を中止</translation>
    </message>
    <message>
        <source>Add to my dataset</source>
        <translation type="unfinished">データセットに追加</translation>
    </message>
    <message>
        <source>{diagnosis}: as the model says</source>
        <translation type="unfinished">{diagnosis}：モデルのとおり</translation>
    </message>
    <message>
        <source>Nothing was changed in the dataset.</source>
        <translation type="unfinished">データセットは変更されていません。</translation>
    </message>
    <message>
        <source>The case was taken out of the dataset again.</source>
        <translation type="unfinished">症例をデータセットから取り除きました。</translation>
    </message>
    <message>
        <source>Added to the dataset in {folder}</source>
        <translation type="unfinished">{folder} のデータセットに追加しました</translation>
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
        <translation type="unfinished">{minutes} 分</translation>
    </message>
    <message>
        <source>{hours} h {minutes} min</source>
        <translation type="unfinished">{hours} 時間 {minutes} 分</translation>
    </message>
</context>
<context>
    <name>UnifiedViTPanel.whichmodel</name>
    <message>
        <source>Cancel</source>
        <translation type="unfinished">中止</translation>
    </message>
    <message>
        <source>Which?</source>
        <translation type="unfinished">どれ？</translation>
    </message>
    <message>
        <source>fits</source>
        <translation type="unfinished">適合</translation>
    </message>
    <message>
        <source>doubtful</source>
        <translation type="unfinished">疑わしい</translation>
    </message>
    <message>
        <source>not judged</source>
        <translation type="unfinished">判定なし</translation>
    </message>
    <message>
        <source>does not fit</source>
        <translation type="unfinished">不適合</translation>
    </message>
    <message>
        <source>Only slices of the region were looked at: {region}.</source>
        <translation type="unfinished">関心領域のスライスだけを見ました: {region}。</translation>
    </message>
    <message>
        <source>{model} (as {channel})</source>
        <translation type="unfinished">{model}（{channel} として）</translation>
    </message>
    <message>
        <source>The server looks: voxels and geometry are sent there.</source>
        <translation type="unfinished">サーバーが調べます。ボクセルと幾何情報がそこへ送信されます。</translation>
    </message>
    <message>
        <source>Cancelled. No model was judged.</source>
        <translation type="unfinished">キャンセルしました。どのモデルも判定されていません。</translation>
    </message>
</context>
</TS>
