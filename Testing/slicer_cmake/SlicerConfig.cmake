# A stand-in for the CMake side of Slicer 5.12, as far as a scripted extension meets it: the same variables, the same
# arguments, and files that land where Slicer's own macros put them. Written for the tests; nothing is compiled.
set(Slicer_VERSION "5.12.3")
set(Slicer_USE_PYTHONQT ON)
set(Slicer_LIB_DIR "lib/Slicer-5.12")
set(Slicer_QTSCRIPTEDMODULES_LIB_DIR "${Slicer_LIB_DIR}/qt-scripted-modules")
set(Slicer_INSTALL_ROOT "./")
set(Slicer_LAUNCHER_EXECUTABLE "Slicer")
set(Slicer_USE_FILE "${CMAKE_CURRENT_LIST_DIR}/UseSlicer.cmake")
set(Slicer_EXTENSION_GENERATE_CONFIG "${CMAKE_CURRENT_LIST_DIR}/SlicerExtensionGenerateConfig.cmake")
set(Slicer_EXTENSION_CPACK "${CMAKE_CURRENT_LIST_DIR}/SlicerExtensionCPack.cmake")
