// Before the first paint, so that neither a light page flashes in the dark nor rows jump. A file of its own: inline scripts are forbidden.
(() => {
	let scheme = null;
	let density = null;
	try {
		scheme = localStorage.getItem("mantine-color-scheme-value");
		density = localStorage.getItem("netconductor.density");
	} catch {
		// Storage is switched off: the system's wish decides.
	}
	const dark = scheme === "dark" || (scheme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
	document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
	document.documentElement.setAttribute("data-density", density === "comfortable" ? "comfortable" : "compact");
})();
