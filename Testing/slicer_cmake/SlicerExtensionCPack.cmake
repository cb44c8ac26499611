# Slicer packs what is installed; the tests look at the installed tree itself.
