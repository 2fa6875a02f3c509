import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";

export const settingsRoute = createRoute({
	getParentRoute: () => framed,
	path: "/settings",
	staticData: {
		needs: "settings:read",
		menu: { section: "Administration", at: 6, label: "Settings", icon: "settings" },
	},
}).lazy(() => import("./page.tsx").then(({ route }) => route));
