import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { DevicesSearch } from "./search.ts";

export const devicesRoute = createRoute({
	getParentRoute: () => framed,
	path: "/devices",
	validateSearch: DevicesSearch,
	staticData: {
		needs: "devices:read",
		menu: { section: "Inventory", at: 1, label: "Devices", icon: "device", key: "d" },
	},
}).lazy(() => import("./page.tsx").then(({ route }) => route));
