import type { launchBrowser } from "@netconductor/e2e/browser";
import { adminPassword } from "@netconductor/e2e/product";
import { largestPaint } from "./in-page.ts";

type Browser = Awaited<ReturnType<typeof launchBrowser>>;
type BrowserContext = Awaited<ReturnType<Browser["newContext"]>>;
type Page = Awaited<ReturnType<BrowserContext["newPage"]>>;

/** What a page load cost, by the browser's own figures. */
export interface Load {
	/** Largest contentful paint, ms after the navigation began. */
	lcp_ms: number;
	/** Script as it came over the wire until the page was usable, KiB. */
	script_kib: number;
	/** Everything as it came over the wire, KiB. */
	all_kib: number;
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
	const session = await page.context().newCDPSession(page);
	await session.send("Network.enable");
	const kinds = new Map<string, string>();
	const bytes: { script: boolean; size: number }[] = [];
	session.on("Network.responseReceived", ({ requestId, type }) => kinds.set(requestId, type));
	session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) =>
		bytes.push({ script: kinds.get(requestId) === "Script", size: encodedDataLength }),
	);
	await page.goto(url, { waitUntil: "commit" });
	await usable();
	const untilUsable = [...bytes];
	const sum = (list: typeof bytes) => list.reduce((all, { size }) => all + size, 0) / 1024;
	const lcp_ms: number = await page.evaluate(largestPaint);
	await session.detach();
	return {
		lcp_ms,
		script_kib: sum(untilUsable.filter(({ script }) => script)),
		all_kib: sum(untilUsable),
		requests: untilUsable.length,
	};
}
