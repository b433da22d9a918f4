// Reads [[name, query]] from stdin; a line of JSON for each: its diagnostics, and the columns that it gives.
const modules = process.argv[2] + "/@kusto/language-service-next/";
require(modules + "bridge.min.js");
require(modules + "Kusto.Language.Bridge.min.js");
const { KustoCode, GlobalState } = global.Kusto.Language;
for (const [name, query] of JSON.parse(require("fs").readFileSync(0))) {
  const code = KustoCode.ParseAndAnalyze(query, GlobalState.Default);
  const found = code.GetDiagnostics();
  const told = [];
  for (let i = 0; i < found.Count; i++) told.push(found.getItem(i).Message);
  const columns = [];
  const given = code.ResultType && code.ResultType.Columns;
  for (let i = 0; given && i < given.Count; i++)
    columns.push(given.getItem(i).Name + ":" + given.getItem(i).Type.Name);
  console.log(JSON.stringify([name, told, columns.join(" ")]));
}
