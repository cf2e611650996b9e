// Checks Kubernetes objects against Kubernetes' own schemas, in two ways that complement each other:
//   values   the JSON schemas of the OpenAPI description: required fields, types, formats such as quantities
//   names    the TypeScript types made from the same description: a field that does not exist is an error
//
// usage: node check.mjs <OBJECTS.json    a list of objects
// Prints a list with a list of findings for each object; empty lists where all is well. Runs beside the node_modules of
// package.json: ci/setup k8s installs them in build/tools/k8s-schemas.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const here = dirname(fileURLToPath(import.meta.url));
const objects = JSON.parse(readFileSync(0, "utf8"));

// The package and path that has an apiVersion's models.
function moduleOf(apiVersion) {
  if (apiVersion.startsWith("monitoring.coreos.com/")) return `@kubernetes-models/prometheus-operator/${apiVersion}`;
  if (apiVersion.startsWith("gateway.networking.k8s.io/")) return `@kubernetes-models/gateway-api/${apiVersion}`;
  return `kubernetes-models/${apiVersion}`;
}

async function checkValues(object) {
  let models;
  try {
    models = await import(moduleOf(object.apiVersion));
  } catch {
    return [`no such apiVersion: ${object.apiVersion}`];
  }
  const model = models[object.kind];
  if (model === undefined) return [`${object.apiVersion} has no kind ${object.kind}`];
  try {
    new model(object).validate();
    return [];
  } catch (error) {
    return [error.message];
  }
}

// One source with each object as a literal of its type: the compiler refuses fields that the type lacks.
function checkNames(indices) {
  const file = join(here, "objects.ts");
  const lines = indices.map((index) => {
    const { apiVersion, kind } = objects[index];
    const type = `import(${JSON.stringify(moduleOf(apiVersion))}).I${kind}`;
    return `export const object${index}: ${type} = ${JSON.stringify(objects[index])};`;
  });
  const options = {
    noEmit: true, strict: true, skipLibCheck: true, target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, types: [],
  };
  const host = ts.createCompilerHost(options);
  const source = ts.createSourceFile(file, lines.join("\n"), ts.ScriptTarget.ES2022);
  const { getSourceFile, fileExists } = host;
  host.getSourceFile = (name, ...rest) => (name === file ? source : getSourceFile.call(host, name, ...rest));
  host.fileExists = (name) => name === file || fileExists.call(host, name);
  const findings = new Map(indices.map((index) => [index, []]));
  for (const diagnostic of ts.getPreEmitDiagnostics(ts.createProgram([file], options, host))) {
    const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, " ");
    if (diagnostic.file?.fileName !== file) throw new Error(text);
    findings.get(indices[source.getLineAndCharacterOfPosition(diagnostic.start).line]).push(text);
  }
  return findings;
}

const values = await Promise.all(objects.map(checkValues));
const known = objects.map((_, index) => index).filter((index) => !/^no such|has no kind/.test(values[index][0] ?? ""));
const names = checkNames(known);
console.log(JSON.stringify(objects.map((_, index) => [...values[index], ...(names.get(index) ?? [])])));
