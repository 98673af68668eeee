import { columnSum, rowMax, rowSum } from "../reduce/fold";
import { View } from "../reduce/view";

// Room for a View and 200 floats, with NaN wherever a fold must not look.
const view: usize = memory.data(64, 16);
const floats: usize = memory.data(1024, 16);

function viewOf(rows: i32, count: i32, inner: i32, rowStride: i32): View {
  const v = changetype<View>(view);
  v.outer = 1;
  v.rows = rows;
  v.count = count;
  v.inner = inner;
  v.keptRank = 0;
  v.rowRank = 1;
  store<i32>(view, rows, 24);
  store<i32>(view, rowStride, 28);
  return v;
}

/** The floats 1, 2, … `count` from byte `offset` on; NaN before and after. */
function paint(offset: usize, count: i32): usize {
  for (let i = 0; i < 256; i++) store<f32>(floats + (i << 2), NaN);
  for (let i = 0; i < count; i++) store<f32>(floats + offset + (i << 2), <f32>(i + 1));
  return floats + offset;
}

describe("folds of reduce/fold.ts", () => {
  test("a row's sum takes in nothing beyond its end, wherever it starts", () => {
    for (let offset: usize = 0; offset < 20; offset += 4)
      for (let count = 0; count < 70; count++)
        expect(rowSum(paint(offset, count), viewOf(1, count, 1, 0), 0, -1, false)).toBe(<f32>(count * (count + 1) / 2));
  });

  test("neither does a sum of squares around a mean", () => {
    for (let count = 1; count < 70; count++) {
      let want: f32 = 0;
      for (let i = 1; i <= count; i++) want += <f32>((i - 2) * (i - 2));
      expect(rowSum(paint(4, count), viewOf(1, count, 1, 0), 2, -1, true)).toBe(want);
    }
  });

  test("nor its maximum and minimum", () => {
    for (let count = 1; count < 70; count++) {
      const x = paint(8, count), v = viewOf(1, count, 1, 0);
      expect(rowMax(x, v, 0)).toBe(<f32>count);
      expect(rowMax(x, v, i32.MIN_VALUE)).toBe(-1);
    }
  });

  test("rows apart from each other are summed without what lies between", () => {
    for (let count = 1; count < 20; count++) {
      const x = paint(4, 0);
      for (let r = 0; r < 5; r++) for (let i = 0; i < count; i++) store<f32>(x + (r * 21 + i << 2), 1);
      expect(rowSum(x, viewOf(5, count, 1, 21), 0, -1, false)).toBe(<f32>(count * 5));
    }
  });

  test("a column skips its neighbours", () => {
    const x = paint(0, 60);
    for (let i = 0; i < 60; i++) if (i % 6 != 0) store<f32>(x + (i << 2), NaN);
    expect(columnSum<f32>(x, viewOf(1, 10, 6, 0), 0, -1, false)).toBe(280);
  });
});
