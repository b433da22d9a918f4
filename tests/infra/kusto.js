// Reads {"tables": {name: [[column, type]]}, "queries": [[name, text]]} from stdin; one line for each defect.
const modules = process.argv[2] + "/@kusto/language-service-next/";
require(modules + "bridge.min.js");
require(modules + "Kusto.Language.Bridge.min.js");
const { KustoCode, GlobalState } = global.Kusto.Language;
const { tables, queries } = JSON.parse(require("fs").readFileSync(0));
const declared = Object.entries(tables)
  .map(([name, columns]) => `let ${name} = datatable(${columns.map((c) => c.join(": ")).join(", ")})[];\n`)
  .join("");
for (const [name, query] of queries) {
  const found = KustoCode.ParseAndAnalyze(declared + query, GlobalState.Default).GetDiagnostics();
  for (let i = 0; i < found.Count; i++) console.log(`${name}: ${found.getItem(i).Message}`);
}
