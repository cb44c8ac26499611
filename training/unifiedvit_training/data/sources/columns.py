"""Which columns of a table say what: as the configuration names them, else by their own names."""

from __future__ import annotations

from ...config import Model, Source
from .complaints import Complaints


class Columns:
    """The columns of a table that are read.

    Args:
        source: says what columns are called.
        table: the name of the file.
        header: its columns.
        model: whose channels and classes they are of.
        complaints: get what is missing.

    Attributes:
        single: "mask", "label", "labels", "group", "plane" -> the table's name of it, of those that it has.
        findings: class -> the table's column of it, for tables with a column for each label; empty for others.
        images: the table's column of each channel, "" where it has none; of the only image for models without
            channels; empty if what is said of them cannot be meant.
        split: the column to split by; "" for none.
        metadata: field -> the table's column of it, of those that are named.
    """

    def __init__(self, source: Source, table: str, header: list[str], model: Model, complaints: Complaints) -> None:
        self._source, self._table, self._header = source, table, header
        self._model, self._complaints = model, complaints
        self._by_lower_case = {name.lower(): name for name in header}
        self.single = self._find_single()
        self.split = self._find_split()
        self.findings = self._find_findings()
        self.images = self._find_images()
        self.metadata = self._find_metadata()
        self._check_unique()

    def _find_single(self) -> dict[str, str]:
        columns = {}
        for key in ("mask", "label", "labels", "group", "plane"):
            name = self._source.columns.get(key) or self._by_lower_case.get(key)
            if isinstance(name, dict):
                continue  # a column for each label: see `_find_findings`
            if name in self._header:
                columns[key] = name
            elif name is not None:
                self._missing(key, name)
        return self._one_diagnosis(columns)

    def _one_diagnosis(self, columns: dict[str, str]) -> dict[str, str]:
        """`columns` with `label` or `labels`: the one that is configured counts where the table has both."""
        configured = {"label", "labels"} & {*self._source.columns}
        if not {"label", "labels"} <= {*columns}:
            return columns
        if len(configured) != 1:
            self._complain(f"{self._table} says what an image shows in {columns['label']!r} and in "
                           f"{columns['labels']!r}; say in `columns` which one counts, as "
                           f"columns: {{label: {columns['label']}}}")
        return {key: name for key, name in columns.items() if key not in ("label", "labels") or key in configured}

    def _find_split(self) -> str:
        column = self._source.split.column
        if column and column not in self._header:
            self._complain(f"{self._table} has no column {column!r} to split by (it has {', '.join(self._header)})")
        return column if column in self._header else ""

    def _find_findings(self) -> dict[str, str]:
        model, columns = self._model, self._source.columns.get("labels")
        if not isinstance(columns, dict):
            if not model.multi_label or self._source.label or {"label", "labels"} & {*self.single}:
                return {}
            return {name: self._by_lower_case[name.lower()] for name in model.class_names
                    if name.lower() in self._by_lower_case}
        if not model.multi_label:
            self._complain("columns.labels names a column for each class, but the diagnosis is multi-class")
            return {}
        for key, name in columns.items():
            if key not in model.class_names:
                self._complain(f"columns.labels: there is no class {key!r}; the classes are "
                               f"{', '.join(model.class_names)}")
            elif name not in self._header:
                self._missing(key, name)
        return {key: name for key, name in columns.items() if key in model.class_names and name in self._header}

    def _find_images(self) -> list[str]:
        model, configured = self._model, self._source.columns.get("image")
        channels = model.channel_names or ["image"]
        if configured is None:
            columns = {name: self._by_lower_case[name.lower()] for name in channels
                       if name.lower() in self._by_lower_case}
            columns = columns or {name: name for name in channels}  # none is there: each is told
        elif isinstance(configured, dict) and not model.channel_names:
            self._complain("columns.image names a column for each channel, but model.input has no channels")
            return []
        elif isinstance(configured, str) and model.channel_names:
            self._complain(f"columns.image is one column, but the model looks at {', '.join(channels)}: write "
                           f"image: {{{channels[0]}: {configured}, ...}}")
            return []
        else:
            columns = configured if isinstance(configured, dict) else {"image": configured}
        for key, name in columns.items():
            if key not in channels:
                self._complain(f"columns.image: there is no channel {key!r}; the channels are {', '.join(channels)}")
            elif name not in self._header:
                self._missing(key, name)
        return [columns[name] if columns.get(name) in self._header else "" for name in channels]

    def _check_unique(self) -> None:
        """Of two columns of one name, either could be meant."""
        configured = {name for value in self._source.columns.values()
                      for name in (value.values() if isinstance(value, dict) else [value])}
        configured |= {self.split, *self.metadata.values()}
        for name in dict.fromkeys([*self.single.values(), self.split, *self.findings.values(), *self.images,
                                   *self.metadata.values()]):
            same = [other for other in self._header if other == name or (
                name not in configured and other.lower() == name.lower())]
            if name and len(same) > 1:
                self._complain(f"{self._table} has {len(same)} columns called {name!r} ({', '.join(same)}); rename or "
                               "take out all but one")

    def _find_metadata(self) -> dict[str, str]:
        known, columns = [card.name for card in self._model.metadata], self._source.metadata
        for key, name in columns.items():
            if key not in known:
                self._complain(f"metadata: there is no {key!r} in model.metadata ({', '.join(known) or 'it is empty'})")
            elif name not in self._header:
                self._missing(key, name)
        return {key: name for key, name in columns.items() if key in known and name in self._header}

    def _missing(self, key: str, name: str) -> None:
        self._complain(f"{self._table} has no column {name!r} (it has {', '.join(self._header)}); "
                       f"say in `columns` which one is the {key}")

    def _complain(self, sentence: str) -> None:
        self._complaints.add(self._source.name, sentence)
