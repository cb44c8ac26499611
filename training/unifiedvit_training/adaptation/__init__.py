"""An installed model goes on learning from a site's own cases, and is offered only if that helped."""
