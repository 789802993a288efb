// What the Node programs share: a line of result per step, and the mock's address.
//
//     await step("retrieve", async () => same((await client.get(id)).name, "Ada"));

import { isDeepStrictEqual } from "node:util";

export const MOCK = process.argv[2].replace(/\/$/, "");

export async function step(name, run) {
  try {
    await run();
    console.log(`ok ${name}`);
  } catch (error) {
    process.exitCode = 1;
    const why = `${error.type ?? error.name}: ${error.message}`;
    console.log(`FAILED ${name}: ${why.replace(/\s+/g, " ").slice(0, 400)}`);
  }
}

export function same(got, wanted) {
  if (!isDeepStrictEqual(got, wanted)) {
    throw new Error(`got ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`);
  }
}

export function eachOnce(got, wanted) {
  const gone = wanted.filter((id) => !got.includes(id)).length;
  const strange = got.filter((id) => !wanted.includes(id)).length;
  const repeated = got.length - new Set(got).size;
  if (gone || strange || repeated) {
    throw new Error(
      `${wanted.length} exist, ${got.length} came: ` +
        `${gone} missing, ${strange} strange, ${repeated} repeated`,
    );
  }
}

export async function rejected(promise) {
  let answer;
  try {
    answer = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`no error, but ${JSON.stringify(answer)}`);
}
