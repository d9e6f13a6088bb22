// A layered drawing: nodes in rows by the longest way that leads to them, rows in an order with few crossings, and in
// each row the places nearest to the neighbours' means (isotonic regression). Sugiyama, Tagawa and Toda 1981.
// Nodes: {id, width, height, order}; edges: [from, to]. An edge against the order is a loop and takes no part.
function layered(nodes, edges, gap = 22, drop = 34) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const ahead = edges.filter(([a, b]) => byId.get(a).order < byId.get(b).order);
  const sorted = [...nodes].sort((a, b) => a.order - b.order);
  const into = new Map(nodes.map((node) => [node.id, []]));
  const out = new Map(nodes.map((node) => [node.id, []]));
  for (const [a, b] of ahead) {
    into.get(b).push(a);
    out.get(a).push(b);
  }
  const rank = new Map();
  for (const node of sorted) {
    rank.set(node.id, Math.max(0, ...into.get(node.id).map((id) => rank.get(id) + 1)));
  }
  for (const node of [...sorted].reverse()) {
    // What nothing leads to stands just before its first use.
    if (!into.get(node.id).length && out.get(node.id).length) {
      rank.set(node.id, Math.max(0, Math.min(...out.get(node.id).map((id) => rank.get(id))) - 1));
    }
  }
  const rows = [];
  const points = new Map(); // every node, and the bends of long edges
  const add = (point, row) => {
    points.set(point.id, { ...point, row, up: [], down: [], x: 0 });
    (rows[row] ??= []).push(point.id);
  };
  for (const node of sorted) add(node, rank.get(node.id));
  for (let row = 0; row < rows.length; row += 1) rows[row] ??= [];
  const link = (a, b) => {
    points.get(a).down.push(b);
    points.get(b).up.push(a);
  };
  const bends = new Map();
  const bent = ahead.length < 3000;
  for (const [a, b] of ahead) {
    let last = a;
    const own = [];
    for (let row = rank.get(a) + 1; bent && row < rank.get(b); row += 1) {
      const id = `${a}>${b}@${row}`;
      add({ id, width: 6, height: 0, order: byId.get(a).order }, row);
      link(last, id);
      own.push(id);
      last = id;
    }
    link(last, b);
    bends.set(`${a}>${b}`, own);
  }
  const order = (row, side) => {
    const place = new Map();
    for (const id of rows[row]) {
      const near = points.get(id)[side].map((other) => points.get(other).at);
      place.set(id, near.length ? near.reduce((sum, at) => sum + at, 0) / near.length : points.get(id).at);
    }
    rows[row].sort((a, b) => place.get(a) - place.get(b));
    rows[row].forEach((id, at) => { points.get(id).at = at; });
  };
  for (const row of rows) row.forEach((id, at) => { points.get(id).at = at; });
  for (let sweep = 0; sweep < 8; sweep += 1) {
    for (let row = 1; row < rows.length; row += 1) order(row, "up");
    for (let row = rows.length - 2; row >= 0; row -= 1) order(row, "down");
  }
  const settle = (row, sides) => {
    const ids = rows[row];
    let shift = 0;
    const shifts = ids.map((id, i) => {
      if (i) shift += (points.get(ids[i - 1]).width + points.get(id).width) / 2 + gap;
      return shift;
    });
    const blocks = []; // [sum, count] of wishes that have run into each other
    ids.forEach((id, i) => {
      const near = sides.flatMap((side) => points.get(id)[side]);
      const mean = near.reduce((sum, other) => sum + points.get(other).x, 0) / near.length;
      blocks.push([(near.length ? mean : points.get(id).x) - shifts[i], 1]);
      while (blocks.length > 1) {
        const [sum, count] = blocks[blocks.length - 1];
        const before = blocks[blocks.length - 2];
        if (before[0] / before[1] <= sum / count) break;
        blocks.pop();
        before[0] += sum;
        before[1] += count;
      }
    });
    let i = 0;
    for (const [sum, count] of blocks) {
      for (let k = 0; k < count; k += 1, i += 1) points.get(ids[i]).x = sum / count + shifts[i];
    }
  };
  rows.forEach((ids) => {
    let x = 0;
    for (const id of ids) {
      points.get(id).x = x + points.get(id).width / 2;
      x += points.get(id).width + gap;
    }
  });
  for (let sweep = 0; sweep < 6; sweep += 1) {
    for (let row = 1; row < rows.length; row += 1) settle(row, ["up"]);
    for (let row = rows.length - 2; row >= 0; row -= 1) settle(row, ["down"]);
  }
  for (let row = 0; row < rows.length; row += 1) settle(row, ["up", "down"]);
  let y = 0;
  for (const ids of rows) {
    const height = Math.max(0, ...ids.map((id) => points.get(id).height));
    for (const id of ids) Object.assign(points.get(id), { y: y + height / 2, top: y, bottom: y + height });
    y += height + drop;
  }
  const all = [...points.values()];
  const left = Math.min(0, ...all.map((point) => point.x - point.width / 2));
  for (const point of all) point.x -= left;
  const width = Math.max(0, ...all.map((point) => point.x + point.width / 2));
  return {
    width,
    height: Math.max(0, y - drop),
    at: (id) => points.get(id),
    bends: (a, b) => (bends.get(`${a}>${b}`) ?? []).map((id) => points.get(id)),
  };
}
