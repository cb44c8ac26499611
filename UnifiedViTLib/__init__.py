"""UnifiedViT: one Vision Transformer looks at a medical image once and says where and what.

Importing this package needs the standard library alone; each part loads what it needs when asked for.
Research use only. Not for clinical diagnosis.
"""

__version__ = "0.2.0"
NOTICE = "Research use only. Not for clinical diagnosis."
