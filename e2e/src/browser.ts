import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";

/** Leads to this machine under a name that browsers do not take for it: plain HTTP from there is no secure context. */
export const foreignHost = "netconductor.test";

/** Debian's Chromium without a window; it speaks to this machine only. */
export function launchBrowser(): Promise<Browser> {
	return chromium.launch({
		executablePath: "/usr/bin/chromium",
		args: [
			"--no-sandbox",
			`--host-resolver-rules=MAP ${foreignHost} 127.0.0.1`,
			"--disable-gpu",
			"--disable-quic",
			"--no-first-run",
			"--disable-background-networking",
			"--disable-component-update",
			"--disable-sync",
		],
	});
}

/** Serious and critical findings of axe on what the page shows now, as `rule: element`. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
	// Evaluated by the debugger, which the page's policy does not concern.
	if (await page.evaluate("globalThis.axe === undefined")) await page.evaluate(axe.source);
	return page.evaluate(async () => {
		// What fades in has the contrast that it will have only when it is there. What turns forever (a loader) is not waited for.
		type Effect = { getComputedTiming(): { endTime?: unknown } } | null;
		type Movements = { getAnimations(): { effect: Effect; finished: Promise<unknown> }[] };
		const movements = (globalThis as unknown as { document: Movements }).document.getAnimations();
		const ending = movements.filter(({ effect }) => Number.isFinite(effect?.getComputedTiming().endTime));
		await Promise.allSettled(ending.map(({ finished }) => finished));
		// Of what is in order nothing is gathered.
		type Axe = {
			run(options: object): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }>;
		};
		const { violations } = await (globalThis as unknown as { axe: Axe }).axe.run({ resultTypes: ["violations"] });
		return violations
			.filter(({ impact }) => impact === "serious" || impact === "critical")
			.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
	});
}
