import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";

export const scheduleRoute = createRoute({
	getParentRoute: () => framed,
	path: "/schedule",
	staticData: {
		needs: "backups:read",
		of_all: true,
		menu: { section: "Configurations", at: 4, label: "Backup schedule", icon: "calendar", key: "e" },
	},
}).lazy(() => import("./page.tsx").then(({ route }) => route));
