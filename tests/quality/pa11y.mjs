// pa11y with axe and HTML CodeSniffer on the page that another program has open in a browser.
// Each line of the standard input asks for a judgement of what is on the screen now; each line of the output is one.
import { createInterface } from "node:readline";
import pa11y from "pa11y";
import puppeteer from "puppeteer-core";

const [browserURL, portal, width, height] = process.argv.slice(2);
const viewport = { width: Number(width), height: Number(height) };
const browser = await puppeteer.connect({ browserURL, defaultViewport: null });

async function shown() {
  const pages = (await browser.pages()).filter((page) => page.url().startsWith(portal));
  if (pages.length !== 1) throw new Error(`${pages.length} pages of the portal are open, not one`);
  return pages[0];
}

for await (const _asked of createInterface({ input: process.stdin })) {
  const page = await shown();
  const { issues } = await pa11y(page.url(), {
    browser, page, viewport, ignoreUrl: true, standard: "WCAG2AA", runners: ["axe", "htmlcs"],
    includeWarnings: true, includeNotices: true, timeout: 120_000,
  });
  console.log(JSON.stringify(issues.map(({ runner, runnerExtras, code, type, message, context, selector }) => ({
    runner, code, type, message, context: context ?? "", selector: selector ?? "", undecided: Boolean(runnerExtras?.needsFurtherReview),
  }))));
}
await browser.disconnect();
