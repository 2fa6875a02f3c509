import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { ServiceAccountSearch } from "./search.ts";

export const serviceAccountRoute = createRoute({
	getParentRoute: () => framed,
	path: "/service-accounts/$id",
	validateSearch: ServiceAccountSearch,
	staticData: { needs: "service_accounts:read" },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
