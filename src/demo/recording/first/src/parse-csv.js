/**
 * Reads CSV text as RFC 4180 describes it and gives its header and its rows.
 * Empty lines are skipped. Throws an Error that says what is wrong with the text.
 */
export function parseCsv(text) {
  const [header, ...rows] = readRecords(text.replace(/^\uFEFF/, ""));
  if (header === undefined) throw new Error("there is no header row");
  rows.forEach((row, index) => {
    if (row.length !== header.length) {
      throw new Error(`row ${index + 1} has ${row.length} fields, the header has ${header.length}`);
    }
  });
  return { header, rows };
}

function readRecords(text) {
  const records = [];
  let record = [];
  let field = "";
  let quoted = false;
  const endField = () => {
    record.push(field);
    field = "";
  };
  const endRecord = () => {
    endField();
    if (record.length > 1 || record[0] !== "") records.push(record);
    record = [];
  };
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (quoted && character === '"' && text[index + 1] === '"') {
      field += '"';
      index += 1;
    } else if (quoted && character === '"') quoted = false;
    else if (quoted) field += character;
    else if (character === '"' && field === "") quoted = true;
    else if (character === ",") endField();
    else if (character === "\n") endRecord();
    else if (character !== "\r" || text[index + 1] !== "\n") field += character;
  }
  if (quoted) throw new Error("a quoted field is never closed");
  endRecord();
  return records;
}
