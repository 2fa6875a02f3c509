import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** `vite` alone serves the pages with reload while editing; calls go to a server started with `npm start`. */
const server = "http://127.0.0.1:8000";

/** Compresses what was built, once, so that the server sends it as it is. */
function compressed(): Plugin {
	return {
		name: "compressed",
		apply: "build",
		async writeBundle({ dir = "dist" }) {
			const folder = join(dir, "assets");
			const names = (await readdir(folder)).filter((name) => /\.(js|css|svg)$/.test(name));
			await Promise.all(
				names.map(async (name) => {
					const path = join(folder, name);
					const bytes = await readFile(path);
					const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
					await writeFile(`${path}.br`, await promisify(brotliCompress)(bytes, { params }));
					await writeFile(`${path}.gz`, await promisify(gzip)(bytes, { level: 9 }));
				}),
			);
		},
	};
}

export default defineConfig({
	plugins: [react(), compressed()],
	build: { outDir: "dist", target: "es2024", assetsInlineLimit: 0, chunkSizeWarningLimit: 900 },
	server: { proxy: { "/api": server, "/docs": server, "/ws": { target: server, ws: true } } },
});
