// Where to go first: what is drawn may be in several pieces, of which the largest counts.

/** A voxel [i, j, k] in the middle of the largest piece of `labels`, on its slice where most is drawn; null where
 * nothing is drawn. `labels` run along i first, `counts` are those of i, j and k. */
export function middleOfLargestPiece(labels, [columns, rows, slices]) {
  const piece = largestPiece(labels, [1, columns, columns * rows], [columns, rows, slices]);
  if (!piece.length) return null;
  const voxels = piece.map((index) => [index % columns, Math.floor(index / columns) % rows,
    Math.floor(index / columns / rows)]);
  const drawn = new Array(slices).fill(0);
  for (const [, , slice] of voxels) drawn[slice] += 1;
  const most = drawn.reduce((best, count, slice) => (count > drawn[best] ? slice : best), 0);
  const onSlice = voxels.filter(([, , slice]) => slice === most);
  const [x, y] = [0, 1].map((axis) => onSlice.reduce((sum, voxel) => sum + voxel[axis], 0) / onSlice.length);
  const far = ([i, j]) => (i - x) ** 2 + (j - y) ** 2;
  return onSlice.reduce((best, voxel) => (far(voxel) < far(best) ? voxel : best));
}

/** Indices of the voxels of the largest piece, whose voxels touch by their sides. */
function largestPiece(labels, steps, counts) {
  const seen = new Uint8Array(labels.length);
  let largest = [];
  for (let start = 0; start < labels.length; start++) {
    if (!labels[start] || seen[start]) continue;
    const piece = [start];
    seen[start] = 1;
    for (let next = 0; next < piece.length; next++) {
      for (const neighbour of neighbours(piece[next], steps, counts)) {
        if (!labels[neighbour] || seen[neighbour]) continue;
        seen[neighbour] = 1;
        piece.push(neighbour);
      }
    }
    if (piece.length > largest.length) largest = piece;
  }
  return largest;
}

function* neighbours(index, steps, counts) {
  for (const [axis, step] of steps.entries()) {
    const place = Math.floor(index / step) % counts[axis];
    if (place > 0) yield index - step;
    if (place < counts[axis] - 1) yield index + step;
  }
}
