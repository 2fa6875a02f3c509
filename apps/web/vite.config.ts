import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** `vite` alone serves the pages with reload while editing; calls go to a server started with `npm start`. */
const server = "http://127.0.0.1:8000";

export default defineConfig({
	plugins: [react()],
	build: { outDir: "dist", target: "es2023", assetsInlineLimit: 0, chunkSizeWarningLimit: 900 },
	server: { proxy: { "/api": server, "/docs": server, "/ws": { target: server, ws: true } } },
});
