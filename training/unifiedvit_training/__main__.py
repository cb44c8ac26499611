"""`python -m unifiedvit_training`, as torchrun needs it."""

import sys

from .cli import main

sys.exit(main())
