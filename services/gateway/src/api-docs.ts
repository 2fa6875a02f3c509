import type { FastifySwaggerUiOptions } from "@fastify/swagger-ui";

// The tool's own colours are too pale to read: white on these reaches 4.5:1.
const css = `
.swagger-ui .wrapper { max-width: 1200px; }
/* There is only one server, this one. */
.swagger-ui .servers-title, .swagger-ui .servers { display: none; }
.swagger-ui .info { margin: 24px 0; }
html:not(.dark-mode) .swagger-ui .opblock-get .opblock-summary-method { background: #1d5fae; }
html:not(.dark-mode) .swagger-ui .opblock-post .opblock-summary-method { background: #14713f; }
html:not(.dark-mode) .swagger-ui .opblock-put .opblock-summary-method,
html:not(.dark-mode) .swagger-ui .opblock-patch .opblock-summary-method { background: #8a5000; }
html:not(.dark-mode) .swagger-ui .opblock-delete .opblock-summary-method { background: #b3261e; }
html:not(.dark-mode) .swagger-ui .btn.authorize { border-color: #14713f; color: #14713f; }
html:not(.dark-mode) .swagger-ui .btn.authorize svg { fill: #14713f; }
html:not(.dark-mode) .swagger-ui .info a, html:not(.dark-mode) .swagger-ui .info .link { color: #0b5394; }
html:not(.dark-mode) .swagger-ui .info .title small { background: #4a5563; }
html:not(.dark-mode) .swagger-ui .info .title small.version-stamp { background: #14713f; }
`;

// Colours as the web app's user chose them, and as the system has them where nobody chose.
const js = `(() => {
	const system = matchMedia("(prefers-color-scheme: dark)");
	const show = () => {
		let chosen = null;
		try {
			chosen = localStorage.getItem("mantine-color-scheme-value");
		} catch {}
		const dark = chosen === "dark" || (chosen !== "light" && system.matches);
		document.documentElement.classList.toggle("dark-mode", dark);
	};
	system.addEventListener("change", show);
	window.addEventListener("storage", show);
	show();
})();
`;

/** How the pages of the API's documentation look: our name in place of the tool's, and no field that would load another's document. */
export const apiDocs: FastifySwaggerUiOptions = {
	routePrefix: "/api/docs",
	uiConfig: {
		layout: "BaseLayout",
		docExpansion: "none",
		filter: true,
		deepLinking: true,
		displayRequestDuration: true,
		defaultModelsExpandDepth: -1,
	},
	theme: {
		title: "NetConductor API",
		css: [{ filename: "netconductor.css", content: css }],
		js: [{ filename: "netconductor.js", content: js }],
	},
};
