# What an extension gets from include(${Slicer_USE_FILE}).
set(EXTENSION_NAME ${PROJECT_NAME})
set(Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR "${Slicer_INSTALL_ROOT}${Slicer_QTSCRIPTEDMODULES_LIB_DIR}")

foreach(field HOMEPAGE CATEGORY CONTRIBUTORS DESCRIPTION ICONURL SCREENSHOTURLS DEPENDS)
  if("${EXTENSION_${field}}" STREQUAL "")
    message(FATAL_ERROR "EXTENSION_${field} must be set before Slicer's use file is included")
  endif()
endforeach()

option(BUILD_TESTING "Test the extension" ON)
if(BUILD_TESTING)
  enable_testing()
endif()

# Scripts and resources are copied at build time, the destination folder is installed as a whole.
macro(ctkMacroCompilePythonScript)
  cmake_parse_arguments(MY "NO_INSTALL_SUBDIR;GLOBAL_TARGET" "TARGET_NAME;SOURCE_DIR;DESTINATION_DIR;INSTALL_DIR"
    "SCRIPTS;RESOURCES" ${ARGN})
  if(MY_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "ctkMacroCompilePythonScript does not know ${MY_UNPARSED_ARGUMENTS}")
  endif()
  foreach(name TARGET_NAME SCRIPTS DESTINATION_DIR INSTALL_DIR)
    if(NOT DEFINED MY_${name})
      message(FATAL_ERROR "ctkMacroCompilePythonScript needs ${name}")
    endif()
  endforeach()
  if(NOT DEFINED MY_SOURCE_DIR)
    set(MY_SOURCE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
  endif()

  set(copied_files)
  foreach(file ${MY_SCRIPTS} ${MY_RESOURCES})
    add_custom_command(OUTPUT ${MY_DESTINATION_DIR}/${file} DEPENDS ${MY_SOURCE_DIR}/${file}
      COMMAND ${CMAKE_COMMAND} -E copy ${MY_SOURCE_DIR}/${file} ${MY_DESTINATION_DIR}/${file})
    list(APPEND copied_files ${MY_DESTINATION_DIR}/${file})
  endforeach()
  add_custom_target(Copy${MY_TARGET_NAME}PythonFiles ALL DEPENDS ${copied_files})

  set(folder ${MY_DESTINATION_DIR})
  if(MY_NO_INSTALL_SUBDIR)
    set(folder ${MY_DESTINATION_DIR}/)
  endif()
  install(DIRECTORY ${folder} DESTINATION ${MY_INSTALL_DIR} COMPONENT RuntimeLibraries USE_SOURCE_PERMISSIONS)
endmacro()

macro(slicer_add_python_unittest)
  cmake_parse_arguments(MY "" "TESTNAME_PREFIX;SCRIPT" "SLICER_ARGS" ${ARGN})
  get_filename_component(test_name ${MY_SCRIPT} NAME_WE)
  # Slicer looks for the script in these two folders, when the test runs.
  if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${MY_SCRIPT} AND NOT EXISTS ${CMAKE_CURRENT_BINARY_DIR}/${MY_SCRIPT})
    message(FATAL_ERROR "slicer_add_python_unittest is given ${MY_SCRIPT}, which is not in ${CMAKE_CURRENT_SOURCE_DIR}")
  endif()
  add_test(NAME py_${MY_TESTNAME_PREFIX}${test_name} COMMAND ${Slicer_LAUNCHER_EXECUTABLE} --no-splash
    --ignore-slicerrc ${MY_SLICER_ARGS} --python-code "import slicer.testing; slicer.testing.runUnitTest(['${CMAKE_CURRENT_BINARY_DIR}', '${CMAKE_CURRENT_SOURCE_DIR}'], '${test_name}')")
endmacro()

macro(slicerMacroBuildScriptedModule)
  cmake_parse_arguments(MY_SLICER "WITH_GENERIC_TESTS;WITH_SUBDIR;VERBOSE" "NAME" "SCRIPTS;RESOURCES" ${ARGN})
  if(MY_SLICER_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "slicerMacroBuildScriptedModule does not know ${MY_SLICER_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT DEFINED MY_SLICER_NAME)
    message(FATAL_ERROR "slicerMacroBuildScriptedModule needs NAME")
  endif()
  foreach(file ${MY_SLICER_SCRIPTS} ${MY_SLICER_RESOURCES})
    if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${file})
      message(FATAL_ERROR "slicerMacroBuildScriptedModule is given ${file}, which does not exist")
    endif()
  endforeach()
  ctkMacroCompilePythonScript(TARGET_NAME ${MY_SLICER_NAME}
    SCRIPTS "${MY_SLICER_SCRIPTS}" RESOURCES "${MY_SLICER_RESOURCES}"
    DESTINATION_DIR ${CMAKE_BINARY_DIR}/${Slicer_QTSCRIPTEDMODULES_LIB_DIR}
    INSTALL_DIR ${Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR} NO_INSTALL_SUBDIR)
  if(BUILD_TESTING AND MY_SLICER_WITH_GENERIC_TESTS)
    file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/qSlicer${MY_SLICER_NAME}ModuleGenericTest.py "# starts the module\n")
    slicer_add_python_unittest(SCRIPT qSlicer${MY_SLICER_NAME}ModuleGenericTest.py
      SLICER_ARGS --no-main-window --disable-cli-modules
      --additional-module-path ${CMAKE_BINARY_DIR}/${Slicer_QTSCRIPTEDMODULES_LIB_DIR}
      TESTNAME_PREFIX nomainwindow_)
  endif()
endmacro()
