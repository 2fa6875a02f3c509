import type { launchBrowser } from "@netconductor/e2e/browser";
import { adminPassword } from "@netconductor/e2e/product";
import { largestPaint, loadedFiles } from "./in-page.ts";

type Browser = Awaited<ReturnType<typeof launchBrowser>>;
type BrowserContext = Awaited<ReturnType<Browser["newContext"]>>;
type Page = Awaited<ReturnType<BrowserContext["newPage"]>>;

/** What a page load cost, by the browser's own figures. */
export interface Load {
	/** Largest contentful paint, ms after the navigation began. */
	lcp_ms: number;
	/** Script until the page was usable, compressed as it came, kB. */
	script_kb: number;
	/** Everything until then, compressed as it came, kB. */
	all_kb: number;
	requests: number;
}

/** A context that has never seen the product: nothing cached, nobody signed in. */
export function newVisitor(browser: Browser, width = 1440): Promise<BrowserContext> {
	return browser.newContext({ viewport: { width, height: 900 } });
}

export async function signIn(page: Page, url: string): Promise<void> {
	await page.goto(`${url}/login`);
	await page.getByLabel("User name").fill("admin");
	await page.locator('input[name="password"]').fill(adminPassword);
	await page.getByRole("button", { name: "Sign in" }).click();
	await page.waitForURL((address) => address.pathname !== "/login");
}

/** Opens an address and measures until `usable` says that a reader can work with the page. */
export async function measureLoad(page: Page, url: string, usable: () => Promise<unknown>): Promise<Load> {
	await page.goto(url, { waitUntil: "commit" });
	await usable();
	const loaded: { script: boolean; bytes: number }[] = await page.evaluate(loadedFiles);
	const lcp_ms: number = await page.evaluate(largestPaint);
	const sum = (list: typeof loaded) => list.reduce((all, { bytes }) => all + bytes, 0) / 1000;
	return {
		lcp_ms,
		script_kb: sum(loaded.filter(({ script }) => script)),
		all_kb: sum(loaded),
		requests: loaded.length,
	};
}
