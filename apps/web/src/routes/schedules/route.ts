import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { SchedulesSearch } from "./search.ts";

export const schedulesRoute = createRoute({
	getParentRoute: () => framed,
	path: "/schedules",
	validateSearch: SchedulesSearch,
	staticData: {
		needs: "schedules:read",
		menu: { section: "Change", at: 5, label: "Schedules", icon: "calendar", key: "l" },
	},
}).lazy(() => import("./page.tsx").then(({ route }) => route));
