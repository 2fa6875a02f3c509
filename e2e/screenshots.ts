// Takes the pictures of docs/images anew: node e2e/screenshots.ts   (needs chromium and the built web app)
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startFleet } from "@netconductor/lab/sim/fleet";
import { launchBrowser } from "./src/browser.ts";
import { adminPassword, type Clients, runEnded, startProduct } from "./src/product.ts";

const folder = join(import.meta.dirname, "..", "docs", "images");
const sites = ["Berlin", "Oslo", "Vienna", "Zurich"];

const fleet = await startFleet({
	devices: {
		count: 48,
		platforms: ["cisco_ios", "cisco_nxos", "cisco_xr", "arista_eos", "juniper_junos", "mikrotik_routeros"],
	},
});
const product = await startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "1" });
const browser = await launchBrowser();
try {
	const api = product.as(product.admin_token);
	const shown = await fill(api);
	mkdirSync(folder, { recursive: true });
	for (const { name, address, colours = "light", width = 1280, height = 800, ready } of shown) {
		const context = await browser.newContext({ viewport: { width, height }, colorScheme: colours });
		const page = await context.newPage();
		await page.goto(`${product.url}/login?${new URLSearchParams({ next: address })}`);
		await page.getByLabel("User name").fill("admin");
		await page.locator('input[name="password"]').fill(adminPassword);
		await page.getByRole("button", { name: "Sign in" }).click();
		await page.getByText(ready).first().waitFor();
		await page.waitForLoadState("networkidle");
		await page.mouse.move(0, 0);
		const picture = await page.screenshot({ animations: "disabled" });
		writeFileSync(join(folder, `${name}.webp`), await smaller(picture));
		await context.close();
	}
} finally {
	await browser.close();
	await product.dispose();
	await fleet.stop();
}

/** The picture as WebP: a third of the bytes. The browser that took it also writes it. */
async function smaller(png: Buffer): Promise<Buffer> {
	const page = await browser.newPage();
	const address: string = await page.evaluate(`(async () => {
		const image = new Image();
		image.src = "data:image/png;base64,${png.toString("base64")}";
		await image.decode();
		const canvas = new OffscreenCanvas(image.width, image.height);
		canvas.getContext("2d").drawImage(image, 0, 0);
		const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: "image/webp", quality: 0.85 })).arrayBuffer());
		return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
	})()`);
	await page.close();
	return Buffer.from(address, "base64");
}

interface Picture {
	name: string;
	address: string;
	colours?: "light" | "dark";
	width?: number;
	height?: number;
	/** Stands on the page when it has everything. */
	ready: string | RegExp;
}

/** A network as somebody might have it, with a change, a failure and a key that is not the one that was trusted. */
async function fill(api: Clients): Promise<Picture[]> {
	const rows = fleet.devices.map(({ platform, host_key_fingerprint: _, ...device }, index) => ({
		...device,
		device_type: platform,
		site: sites[index % sites.length],
		tags: index % 3 === 0 ? ["core"] : ["access"],
		groups: [index % 2 === 0 ? "Backbone" : "Campus"],
	}));
	await api.devices.importDevices({ body: { format: "json", content: JSON.stringify(rows) } });
	const backUp = async (name: string) => {
		const { run_id } = await api.backup.runAll({ body: { name } });
		await runEnded(api, run_id);
		return run_id;
	};
	const nameOf = (platform: string, nth = 0) =>
		fleet.devices.filter((device) => device.platform === platform)[nth]?.name ?? "";
	await backUp("Before the maintenance");
	const changed = nameOf("cisco_ios");
	fleet
		.device(changed)
		.applyLines([
			"interface Loopback99",
			"description reached by the monitoring",
			"ip address 192.0.2.99 255.255.255.255",
		]);
	fleet.device(nameOf("arista_eos")).applyLines(["ntp server 192.0.2.123"]);
	fleet.device(nameOf("juniper_junos")).applyLines(["set system ntp server 192.0.2.123"]);
	fleet.device(nameOf("cisco_nxos", 1)).changeHostKey();
	for (const nth of [1, 2, 3]) fleet.device(nameOf("cisco_xr", nth)).setFault({ kind: "wrong_password" });
	const run_id = await backUp("After the maintenance");
	const { items: devices } = await api.devices.listDevices({ query: { q: changed, page_size: 500 } });
	const device_id = devices.find(({ name }) => name === changed)?.id ?? "";
	await runEnded(api, (await api.devices.testDevice({ params: { id: device_id } })).run_id);
	const [newer, older] = (await api.backup.listBackups({ query: { device_id } })).items;
	return [
		{ name: "dashboard", address: "/", ready: "Needs a person" },
		{
			name: "compare",
			address: `/backups/compare?from=${older?.id}&to=${newer?.id}`,
			colours: "dark",
			ready: "interface Loopback99",
		},
		{ name: "device", address: `/devices/${device_id}`, ready: "Test passed" },
		{ name: "run", address: `/runs/${run_id}?tab=results`, ready: /identical|Failed/ },
		{ name: "search", address: "/search?q=ntp%20server", ready: "configurations searched" },
		{ name: "telephone", address: "/", colours: "dark", width: 390, height: 800, ready: "Needs a person" },
	];
}
