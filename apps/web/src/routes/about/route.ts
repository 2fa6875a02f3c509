import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";

export const aboutRoute = createRoute({
	getParentRoute: () => framed,
	path: "/about",
	staticData: {
		needs: "system:read",
		menu: { section: "Administration", at: 6, label: "About and health", icon: "pulse", key: "i" },
	},
}).lazy(() => import("./page.tsx").then(({ route }) => route));
