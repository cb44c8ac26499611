"""Which computer runs the networks: this one, or a server of the group. That, and the key, are of the user: they stand
in the application's settings and never in a scene, which others open."""

from __future__ import annotations

import qt
import slicer
from slicer.i18n import tr as _

from UnifiedViTLib.errors import ServerError
from UnifiedViTLib.service.remote.address import ServerAddress
from UnifiedViTLib.service.worker.protocol import Failed, JobRequest

from .childview import ChildView

#: In the application's settings.
CHOSEN, URL, KEY = "UnifiedViT/ServerIsChosen", "UnifiedViT/ServerUrl", "UnifiedViT/ServerKey"


class ComputerView(ChildView):
    """The choice of the computer, the server's address and key, and the button that tries them.

    Args:
        ui: the widgets by name.
        status: `StatusView`.
        changed: called when the choice has changed.
        wake: as of `ChildView`.
    """

    def __init__(self, ui, status, changed, wake):
        super().__init__(status, wake)
        self.ui, self._changed = ui, changed
        settings = slicer.app.userSettings()
        ui.computerComboBox.addItem(_("This computer"))
        ui.computerComboBox.addItem(_("A server"))
        ui.computerComboBox.setCurrentIndex(1 if settings.value(CHOSEN) == "yes" else 0)
        for edit, name in ((ui.serverUrlLineEdit, URL), (ui.serverKeyLineEdit, KEY)):
            edit.text = str(settings.value(name) or "")
            edit.connect("editingFinished()", lambda edit=edit, name=name: self._keep(name, edit.text.strip()))
        ui.serverKeyLineEdit.setEchoMode(qt.QLineEdit.Password)
        ui.computerComboBox.connect("currentIndexChanged(int)", self._onChosen)
        ui.testServerButton.connect("clicked(bool)", self._onTest)
        self._showButtons()

    @property
    def isElsewhere(self):
        """Whether a server is chosen."""
        return self.ui.computerComboBox.currentIndex == 1

    def address(self):
        """The server's `ServerAddress`; None for this computer.

        Raises:
            ServerError: a server is chosen, and its address or key is none.
        """
        if not self.isElsewhere:
            return None
        url, key = self.ui.serverUrlLineEdit.text.strip(), self.ui.serverKeyLineEdit.text.strip()
        if not url or not key:
            raise ServerError(_("A server needs an address and a key. Its administrator gives you both; or choose This "
                                "computer."))
        return ServerAddress(url, key)

    def _keep(self, name, value):
        settings = slicer.app.userSettings()
        if value:
            settings.setValue(name, value)
        else:
            settings.remove(name)

    def _onChosen(self, _index):
        self._keep(CHOSEN, "yes" if self.isElsewhere else "")
        self._showButtons()
        self._changed()

    def _onTest(self, _checked=None):
        """Ask the server what it has; while it is asked, cancel."""
        if self._cancel():
            return
        try:
            address = self.address()
        except ServerError as error:
            self._status.say(str(error), isBad=True)
            return
        self._status.say(_("Asking {place}").format(place=address.host))
        self._submit(JobRequest("server", {"server": address.to_dict()}))

    def _end(self, event):
        if isinstance(event, Failed):
            self._sayFailed(event.error, _("The server was not asked."))
        else:
            models = ", ".join(event.result["models"]) or _("none")
            self._status.say(_("{host} answers, takes the key, and has the models {models}.").format(
                host=event.result["host"], models=models))
        self._release()
        self._showButtons()

    def _showButtons(self):
        ui = self.ui
        for widget in (ui.serverUrlLabel, ui.serverUrlLineEdit, ui.serverKeyLabel, ui.serverKeyLineEdit,
                       ui.testServerButton, ui.serverNoteLabel):
            widget.visible = self.isElsewhere
        for widget in (ui.deviceLabel, ui.deviceComboBox, ui.gpuLabel):
            widget.enabled = not self.isElsewhere
        ui.testServerButton.text = (_("Cancelling...") if self._cancelling else _("Cancel") if self._client.running
                                    else _("Test connection"))
        ui.testServerButton.enabled = not self._cancelling
