"""The section Models: what is installed, what can be had, and where it is kept."""

from __future__ import annotations

import qt
import slicer
from slicer.i18n import tr as _

from UnifiedViTLib.errors import UnifiedViTError
from UnifiedViTLib.service.store.cache import compiled_folder, folder_bytes
from UnifiedViTLib.service.store.catalogue import list_models
from UnifiedViTLib.service.store.download import cache_bytes, cache_folder, clear_cache, remove_model, set_cache_folder
from UnifiedViTLib.service.worker.protocol import Failed, JobRequest

from .appearance import fitHeight
from .childview import ChildView
from .choices import metricsInWords
from .repositories import RepositoriesView, shortPlace
from .texts import asShown

#: Lines of the table that are seen at a time.
_MOST_LINES = 9


class ModelsView(ChildView):
    """The table of models and its buttons.

    Args:
        ui: the panel's widgets.
        status: `StatusView`.
        changed: called with a model's id when it came, without when one went.
        wake: called when something begins that `poll` must follow.
    """

    def __init__(self, ui, status, changed, wake):
        super().__init__(status, wake)
        self.ui, self._changed, self._entries = ui, changed, []
        self.repositories = RepositoriesView(ui, status, self.refresh, wake)
        ui.downloadModelButton.connect("clicked(bool)", self.onDownload)
        ui.importModelButton.connect("clicked(bool)", self.onImportFile)
        ui.importModelFolderButton.connect("clicked(bool)", self.onImportFolder)
        ui.removeModelButton.connect("clicked(bool)", self.onRemove)
        ui.cacheFolderButton.connect("clicked(bool)", self.onCacheFolder)
        ui.clearCacheButton.connect("clicked(bool)", self.onClearCache)
        ui.modelsTable.horizontalHeader().setSectionResizeMode(qt.QHeaderView.Stretch)
        ui.modelsTable.connect("itemSelectionChanged()", self._showVersions)
        ui.modelsTable.verticalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        ui.modelsTable.verticalHeader().sectionResized.connect(lambda _row, _before, _height: self._fit())
        ui.modelVersionComboBox.connect("currentIndexChanged(int)", self._showButtons)
        self.refresh()

    def poll(self):
        """See what the children have said; returns whether there is more to come."""
        return any([super().poll(), self.repositories.poll()])

    def close(self):
        """Stop what is under way."""
        super().close()
        self.repositories.close()

    def usable(self):
        """Descriptions of the models that can be run."""
        return [entry.spec for entry in self._entries if entry.spec is not None]

    def refresh(self):
        """Read the lists again."""
        self.repositories.show()
        try:
            self._entries = list_models()
            folder = cache_folder()
        except UnifiedViTError as error:
            self._status.say(str(error), isBad=True)
            folder = _("no folder")
        states = {"bundled": _("comes with UnifiedViT"), "installed": _("installed"), "update": _("update available"),
                  "available": _("to download"), "refused": _("not to be had")}
        table = self.ui.modelsTable
        table.setRowCount(len(self._entries))
        for row, entry in enumerate(self._entries):
            state = entry.problem if entry.problem and entry.state != "refused" else states[entry.state]
            if entry.repository:
                state = _("{state}, {place}").format(state=state, place=shortPlace(entry.repository))
            state = _("{state}, {size:.1f} MB").format(state=state, size=entry.bytes / 1e6)
            for column, text in enumerate((f"{entry.name} {entry.version}".strip(), state)):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(asShown(self._described(entry)))
                table.setItem(row, column, item)
        self._fit()
        compiled = compiled_folder()
        compiledBytes = folder_bytes(compiled) if compiled else 0
        words = _("Downloaded and imported models: {models:.1f} MB, networks compiled for this computer: "
                  "{compiled:.1f} MB; in {folder}")
        self.ui.cacheLabel.text = words.format(models=(cache_bytes() - compiledBytes) / 1e6,
                                               compiled=compiledBytes / 1e6, folder=folder)
        self._showVersions()

    def _fit(self):
        """As high as its rows, whose words are wrapped."""
        fitHeight(self.ui.modelsTable, _MOST_LINES)

    def _described(self, entry):
        """What the tool tip of a model says."""
        lines = [entry.problem or entry.description]
        if entry.spec is None and entry.versions:
            lines += [f"{result.dataset}: {metricsInWords(result)}" for result in entry.versions[0].results]
            if not any(name == "openvino" for name in entry.versions[0].backends):
                lines.append(_("Needs PyTorch."))
        return "\n".join([*lines, *filter(None, [entry.repository])])

    def _chosen(self):
        row = self.ui.modelsTable.currentRow()
        return self._entries[row] if 0 <= row < len(self._entries) else None

    def _showVersions(self):
        """Offer the versions of the model that is selected, the newest first."""
        entry, box = self._chosen(), self.ui.modelVersionComboBox
        installed = _("{version} (installed)")
        box.blockSignals(True)
        box.clear()
        for model in entry.versions if entry else ():
            isInstalled = entry.spec is not None and model.version == entry.version
            box.addItem(installed.format(version=model.version) if isInstalled else model.version)
        box.blockSignals(False)
        self._showButtons()

    def _version(self):
        """What would be downloaded; None for nothing."""
        entry, index = self._chosen(), self.ui.modelVersionComboBox.currentIndex
        model = entry.versions[index] if entry and 0 <= index < len(entry.versions) else None
        return None if model is None or (entry.spec and model.version == entry.version) else model

    def _showButtons(self, _index=None):
        entry, busy = self._chosen(), self._client.running
        ui = self.ui
        canDownload = self._version() is not None
        ui.modelVersionComboBox.enabled = not busy and entry is not None and len(entry.versions) > 1
        ui.downloadModelButton.text = (
            _("Cancelling...") if self._cancelling else _("Cancel") if busy else _("Download..."))
        ui.downloadModelButton.enabled = not self._cancelling and (busy or canDownload)
        ui.removeModelButton.enabled = not busy and entry is not None and entry.removable
        ui.clearCacheButton.enabled = not busy and cache_bytes() > 0
        for button in (ui.importModelButton, ui.importModelFolderButton, ui.cacheFolderButton):
            button.enabled = not busy

    def onDownload(self, _checked=None):
        """Ask, then download; while something is under way, cancel it."""
        if self._cancel():
            return
        entry, model = self._chosen(), self._version()
        question = _("Download {name} {version} ({size:.0f} MB)? Its weights are under {licence}. It is kept in "
                     "{folder}.").format(name=model.name, version=model.version, size=model.bytes / 1e6,
                                         licence=model.licence, folder=cache_folder())
        if model.repository:
            question += "\n\n" + _("It comes from {place}.").format(place=model.repository)
        if entry.spec:
            question += "\n\n" + _("It takes the place of version {version}.").format(version=entry.version)
        if slicer.util.confirmOkCancelDisplay(asShown(question), windowTitle=_("UnifiedViT")):
            self._begin("download", {"model": model.id, "version": model.version, "repository": model.repository})

    def onImportFile(self, _checked=None):
        """A model from a .zip, or by its model.json."""
        self._import(qt.QFileDialog.getOpenFileName(
            self.ui.modelsTable, _("A model's .zip, or its model.json"), "", _("Models (*.zip model.json)")))

    def onImportFolder(self, _checked=None):
        """A model from its folder."""
        self._import(qt.QFileDialog.getExistingDirectory(self.ui.modelsTable, _("A model's folder"), ""))

    def _import(self, path):
        if path:
            self._begin("import", {"path": path})

    def _begin(self, job, arguments):
        try:
            self._submit(JobRequest(job, arguments))
        except UnifiedViTError as error:
            self._status.say(str(error), isBad=True)

    def _end(self, event):
        self._release()
        self.refresh()
        if isinstance(event, Failed):
            self._sayFailed(event.error, _("Cancelled. What is there already is kept for next time."))
        else:
            self._status.say(_("The model is installed."))
            self._changed(event.result["model"])

    def onRemove(self, _checked=None):
        """Take a model out of the cache, or go back to the version before it."""
        entry = self._chosen()
        question = _("Remove {name} {version} from {folder}?").format(
            name=entry.name, version=entry.version, folder=cache_folder())
        done = _("The model was removed.")
        if entry.previous:
            again = _("Version {version}, which it took the place of, is used again.").format(version=entry.previous)
            question, done = f"{question}\n\n{again}", f"{done} {again}"
        if slicer.util.confirmOkCancelDisplay(asShown(question), windowTitle=_("UnifiedViT")):
            self._do(lambda: remove_model(entry.id), done)

    def onClearCache(self, _checked=None):
        """Take all models out of the cache."""
        question = _("Remove all downloaded and imported models, and networks compiled for this computer, which are "
                     "compiled again when they are needed ({size:.1f} MB), from {folder}?")
        if slicer.util.confirmOkCancelDisplay(
                asShown(question.format(size=cache_bytes() / 1e6, folder=cache_folder())),
                windowTitle=_("UnifiedViT")):
            self._do(clear_cache, _("All downloaded and imported models and all compiled networks were removed."))

    def onCacheFolder(self, _checked=None):
        """Keep models in another folder from now on."""
        folder = qt.QFileDialog.getExistingDirectory(
            self.ui.modelsTable, _("Folder for downloaded models"), str(cache_folder()))
        if folder:
            self._do(lambda: set_cache_folder(folder),
                     _("Models are kept in {folder} from now on.").format(folder=folder))

    def _do(self, action, done):
        try:
            action()
        except UnifiedViTError as error:
            self._status.say(str(error), isBad=True)
        else:
            self._status.say(done)
        self.refresh()
        self._changed()
