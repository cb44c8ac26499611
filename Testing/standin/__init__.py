"""A stand-in for the Slicer application, so that the module runs unchanged where Slicer cannot be installed.

Real: the MRML scene and all its nodes and logics (`slicer-core`), Qt with its event loop (PySide6, offscreen), the
child processes. Written here, after Slicer's public interfaces: what joins them, that is `qt` and `ctk` as PythonQt
shows them, the few `qMRML...` widgets that the panel uses, `slicer.app`, the base classes of scripted modules and the
parameter node wrapper. What it cannot show: Slicer's views, its real widgets, and PythonQt itself.
"""
