import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { DeviceTypesSearch } from "./search.ts";

export const deviceTypesRoute = createRoute({
	getParentRoute: () => framed,
	path: "/device-types",
	validateSearch: DeviceTypesSearch,
	staticData: {
		needs: "devices:read",
		menu: { section: "Inventory", at: 4, label: "Device types", icon: "chip", key: "t" },
	},
}).lazy(() => import("./page.tsx").then(({ route }) => route));
