import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { OneScheduleSearch } from "./search.ts";

export const oneScheduleRoute = createRoute({
	getParentRoute: () => framed,
	path: "/schedules/$id",
	validateSearch: OneScheduleSearch,
	staticData: { needs: "schedules:read" },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
