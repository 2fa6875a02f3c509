import type { BrowserContext, Page } from "playwright-core";
import { afterEach } from "vitest";

const open = new Set<Page>();

/** A page that keeps what no page may do: throw, or break the server's content security policy. When a test fails, what it shows then is told. */
export async function openPage(context: BrowserContext, misdeeds: string[]): Promise<Page> {
	const page = await context.newPage();
	page.setDefaultTimeout(15_000);
	page.on("pageerror", ({ message }) => misdeeds.push(message));
	page.on("console", (message) => {
		if (/Content Security Policy|Uncaught|Warning:/.test(message.text())) misdeeds.push(message.text());
	});
	open.add(page);
	page.once("close", () => open.delete(page));
	return page;
}

afterEach(async ({ task }) => {
	if (task.result?.state !== "fail") return;
	for (const page of open) process.stderr.write(`When "${task.name}" failed, ${await shownBy(page)}\n`);
});

async function shownBy(page: Page): Promise<string> {
	const shown = await page
		.locator("body")
		.ariaSnapshot({ timeout: 5_000 })
		.catch((error: Error) => error.message);
	// Navigation comes first, dialogs and messages last.
	return `${page.url()} showed:\n${shown.slice(-6_000)}`;
}
