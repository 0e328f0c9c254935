// pa11y with axe and HTML CodeSniffer on every visit of the standard input, in light and in dark colours.
import { readFileSync } from "node:fs";
import pa11y from "pa11y";
import puppeteer from "puppeteer-core";

const SCHEMES = ["light", "dark"];
const { visits, executable_path: executablePath, args } = JSON.parse(readFileSync(0, "utf8"));
const browser = await puppeteer.launch({ executablePath, args });
let missed = 0;

// What axe could not decide itself (text above the drawing in the bar, for one) is counted apart; it is no finding.
const undecided = (issue) => issue.runner === "axe" && issue.runnerExtras?.needsFurtherReview;

// HTML allows "username" on an e-mail field (control group Username); this rule knows an older list.
const outdated = (issue) =>
  issue.code.endsWith("1_3_5.H98") && /type="email"/.test(issue.context) && /autocomplete="username"/.test(issue.context);

// The list of Django's own administration, whose template we leave as it is.
const ofDjango = (issue) => issue.code.endsWith("1_3_1.H63.1") && issue.context.includes('id="result_list"');

async function findings(visit, scheme) {
  const context = await browser.createBrowserContext();
  try {
    const page = await context.newPage();
    await page.setViewport({ width: 1280, height: 1024 });
    await page.emulateMediaFeatures([
      { name: "prefers-color-scheme", value: scheme },
      { name: "prefers-reduced-motion", value: "reduce" },
    ]);
    const cookies = Object.entries(visit.cookies).map(([name, value]) => ({ name, value, url: visit.url }));
    if (cookies.length) await page.setCookie(...cookies);
    await page.goto(visit.url, { waitUntil: "load" });
    if (new URL(page.url()).pathname !== visit.address) throw new Error(`${visit.address} led to ${page.url()}`);
    const { issues } = await pa11y(visit.url, {
      browser, page, ignoreUrl: true, standard: "WCAG2AA", runners: ["axe", "htmlcs"],
    });
    const kept = issues.filter((issue) => !outdated(issue) && !ofDjango(issue));
    return { issues: kept.filter((issue) => !undecided(issue)), open: kept.filter(undecided).length, language: await page.$eval("html", (html) => html.lang) };
  } finally {
    await context.close();
  }
}

console.log(`${"page".padEnd(62)} ${"who".padEnd(15)} language  light  dark   undecided`);
for (const visit of visits) {
  const found = [];
  for (const scheme of SCHEMES) found.push(await findings(visit, scheme));
  const counts = found.map(({ issues }) => String(issues.length).padEnd(6));
  console.log(`${visit.address.padEnd(62)} ${visit.who.padEnd(15)} ${found[0].language.padEnd(9)} ${counts.join(" ")} ${found.map(({ open }) => open).join(" ")}`);
  for (const { issues } of found) {
    if (issues.length) missed += 1;
    for (const issue of issues) console.log(`    ${issue.runner} ${issue.code}: ${issue.message}\n      ${issue.context}`);
  }
}
await browser.close();
process.exit(missed ? 1 : 0);
