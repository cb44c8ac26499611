"""Where models come from: the repositories that were added, asked only when somebody presses a button."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import qt
from slicer.i18n import tr as _

from UnifiedViTLib.errors import UnifiedViTError
from UnifiedViTLib.service.store.repositories import remove_repository, repositories
from UnifiedViTLib.service.worker.protocol import Failed, JobRequest

from .childview import ChildView
from .texts import asShown, shortened

#: Characters of a repository's place in the table of models, so that the panel may be narrow.
_LONGEST = 24


def shortPlace(address):
    """The computer of an address, or the name of a folder."""
    return shortened(urlsplit(address).netloc if "://" in address else Path(address).name, _LONGEST)


class RepositoriesView(ChildView):
    """The list of repositories and its buttons.

    Args:
        ui: the panel's widgets.
        status: `StatusView`.
        changed: called when other models can be had than before, to list all anew.
        wake: called when something begins that `poll` must follow.
    """

    def __init__(self, ui, status, changed, wake):
        super().__init__(status, wake)
        self.ui, self._changed, self._known = ui, changed, []
        self._adding = False
        ui.addRepositoryButton.connect("clicked(bool)", self.onAdd)
        ui.removeRepositoryButton.connect("clicked(bool)", self.onRemove)
        ui.refreshRepositoriesButton.connect("clicked(bool)", self.onRefresh)
        ui.repositoryAddressLineEdit.connect("textChanged(QString)", self._showButtons)
        ui.repositoriesList.connect("itemSelectionChanged()", self._showButtons)

    def show(self):
        """Read the list again."""
        try:
            self._known = repositories()
        except UnifiedViTError as error:
            self._status.say(str(error), isBad=True)
        places = self.ui.repositoriesList
        places.clear()
        for repository in self._known:
            words = _("{place} (signed)") if repository.key else "{place}"
            item = qt.QListWidgetItem(words.format(place=repository.address))
            seen = _("As of {time}").format(time=repository.updated) if repository.updated else repository.address
            item.setToolTip(asShown(repository.problem or seen))
            places.addItem(item)
        self._showButtons()

    def _showButtons(self, _text=None):
        ui, busy = self.ui, self._client.running
        ui.refreshRepositoriesButton.text = (
            _("Cancelling...") if self._cancelling else _("Cancel") if busy else _("Look for updates"))
        ui.refreshRepositoriesButton.enabled = not self._cancelling and (busy or bool(self._known))
        ui.removeRepositoryButton.enabled = not busy and 0 <= ui.repositoriesList.currentRow < len(self._known)
        ui.addRepositoryButton.enabled = not busy and bool(ui.repositoryAddressLineEdit.text.strip())

    def onAdd(self, _checked=None):
        """Ask a repository for its models, and keep it."""
        self._begin(JobRequest("add_repository", {"address": self.ui.repositoryAddressLineEdit.text,
                                                  "key": self.ui.repositoryKeyLineEdit.text}))

    def onRefresh(self, _checked=None):
        """Ask what is new; while something is under way, cancel it."""
        if not self._cancel():
            self._begin(JobRequest("refresh_repositories", {}))

    def _begin(self, request):
        self._adding = request.job == "add_repository"
        try:
            self._submit(request)
        except UnifiedViTError as error:
            self._status.say(str(error), isBad=True)

    def onRemove(self, _checked=None):
        """Forget the repository that is selected."""
        repository = self._known[self.ui.repositoriesList.currentRow]
        try:
            remove_repository(repository.address)
        except UnifiedViTError as error:
            self._status.say(str(error), isBad=True)
        else:
            self._status.say(_("The repository is forgotten. Models that came from it stay."))
        self._changed()

    def _end(self, event):
        self._release()
        self._changed()
        if isinstance(event, Failed):
            self._sayFailed(event.error, _("Cancelled. The models that were known are listed still."))
        elif self._adding:
            self.ui.repositoryAddressLineEdit.text = self.ui.repositoryKeyLineEdit.text = ""
            self._status.say(_("The repository is added; models in it: {count}.").format(count=event.result["models"]))
        else:
            new = ", ".join(event.result["new"])
            words = _("New: {models}.").format(models=new) if new else _("Nothing new.")
            problems = event.result["problems"]
            self._status.say(" ".join([*([words] if new or not problems else []), *problems]), isBad=bool(problems))
