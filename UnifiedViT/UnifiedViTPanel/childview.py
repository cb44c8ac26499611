"""What the sections of the panel share that ask a child process of their own, so that the window stays alive."""

from __future__ import annotations

from abc import ABC, abstractmethod

from UnifiedViTLib.errors import Cancelled
from UnifiedViTLib.service.worker.client import WorkerClient
from UnifiedViTLib.service.worker.protocol import Failed, Finished, Log, Progress

from .sentences import inWords


class ChildView(ABC):
    """Asks one thing after the other, says how it goes, and can be cancelled.

    Args:
        status: `StatusView`.
        wake: called when something begins that `poll` must follow.
    """

    def __init__(self, status, wake):
        self._status, self._wake = status, wake
        self._client, self._cancelling = WorkerClient(), False

    def close(self):
        """Stop what is under way."""
        self._client.close()

    def poll(self):
        """See what the child has said; returns whether there is more to come."""
        if not self._client.running:
            return False
        for event in self._client.poll():
            if isinstance(event, Log):
                self._status.log(event.text)
            elif isinstance(event, Progress):
                if not self._cancelling:
                    self._showProgress(inWords(event.stage), event.fraction)
            elif isinstance(event, (Finished, Failed)):
                self._end(event)
        return self._client.running

    def _showProgress(self, stage, _fraction):
        """How far it is: a stage in the application's language, and the share done."""
        self._status.say(stage)

    def _submit(self, request):
        """Begin; errors as of `WorkerClient.submit`."""
        self._client.submit(request)
        self._wake()
        self._showButtons()

    def _cancel(self):
        """Cancel what is under way; whether something was."""
        if not self._client.running:
            return False
        self._cancelling = True
        self._client.cancel()
        self._showButtons()
        return True

    def _release(self):
        """What was asked has ended: the child's memory is given back."""
        self._cancelling = False
        self._client.close()

    def _sayFailed(self, error, cancelled):
        """Say the sentence of an error, or `cancelled` where the user wanted it so."""
        isCancelled = isinstance(error, Cancelled)
        self._status.say(cancelled if isCancelled else str(error), isBad=not isCancelled)

    @abstractmethod
    def _end(self, event):
        """What was asked has ended: `Finished` or `Failed`."""

    @abstractmethod
    def _showButtons(self):
        """What can be pressed now."""
