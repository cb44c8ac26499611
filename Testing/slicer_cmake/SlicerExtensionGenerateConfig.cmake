# Slicer writes the extension's description from these.
file(WRITE ${CMAKE_BINARY_DIR}/${EXTENSION_NAME}.description "")
foreach(field HOMEPAGE CATEGORY CONTRIBUTORS DESCRIPTION ICONURL SCREENSHOTURLS DEPENDS)
  file(APPEND ${CMAKE_BINARY_DIR}/${EXTENSION_NAME}.description "${field} ${EXTENSION_${field}}\n")
endforeach()
