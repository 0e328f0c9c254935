// Lighthouse on every visit of the standard input: three runs each, and the lowest of what does not vary.
import { readFileSync } from "node:fs";
import lighthouse from "lighthouse";
import puppeteer from "puppeteer-core";

const RUNS = 3;
const CATEGORIES = ["performance", "accessibility", "best-practices", "seo"];
const MEASURES = { "first-contentful-paint": "FCP", "largest-contentful-paint": "LCP", "total-blocking-time": "TBT", "cumulative-layout-shift": "CLS" };

const { visits, executable_path: executablePath, args } = JSON.parse(readFileSync(0, "utf8"));
let missed = 0;

const median = (numbers) => [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)];
const cookieHeader = (cookies) => Object.entries(cookies).map(([name, value]) => `${name}=${value}`).join("; ");

async function once(visit) {
  const browser = await puppeteer.launch({ executablePath, args });
  try {
    const page = await browser.newPage();
    const cookie = cookieHeader(visit.cookies);
    const flags = { onlyCategories: CATEGORIES, logLevel: "error", ...(cookie && { extraHeaders: { Cookie: cookie } }) };
    const { lhr } = await lighthouse(visit.url, flags, undefined, page);
    if (lhr.runtimeError) throw new Error(`${visit.address}: ${lhr.runtimeError.message}`);
    if (new URL(lhr.finalDisplayedUrl).pathname !== visit.address) throw new Error(`${visit.address} led to ${lhr.finalDisplayedUrl}`);
    return lhr;
  } finally {
    await browser.close();
  }
}

function lost(lhr) {
  const inCategories = Object.values(lhr.categories).flatMap((category) => category.auditRefs.filter((ref) => ref.weight > 0));
  return inCategories.map((ref) => lhr.audits[ref.id]).filter((audit) => audit.score !== null && audit.score < 0.9);
}

console.log(`${"page".padEnd(62)} perf  a11y  best  seo   measures`);
for (const visit of visits) {
  const results = [];
  for (let run = 0; run < RUNS; run += 1) results.push(await once(visit));
  const of = (id) => results.map((lhr) => Math.round(lhr.categories[id].score * 100));
  const scores = CATEGORIES.map((id) => (id === "performance" ? median(of(id)) : Math.min(...of(id))));
  const measures = Object.entries(MEASURES).map(([id, name]) => {
    const value = median(results.map((lhr) => lhr.audits[id].numericValue));
    return `${name} ${id === "cumulative-layout-shift" ? value.toFixed(3) : `${Math.round(value)} ms`}`;
  });
  console.log(`${visit.address.padEnd(62)} ${scores.map((score) => String(score).padEnd(5)).join(" ")} ${measures.join(", ")}  (runs ${of("performance").join(" ")})`);
  if (scores.some((score) => score < 100)) {
    missed += 1;
    for (const audit of lost(results.at(-1))) {
      const where = (audit.details?.items ?? []).slice(0, 3).map((item) => item.node?.snippet ?? item.description ?? item.source ?? "").join(" | ");
      console.log(`    ${audit.id}: ${audit.score} ${audit.displayValue ?? ""} ${where}`);
    }
  }
}
process.exit(missed ? 1 : 0);
