import { NewPassword } from "@netconductor/contracts/auth/model";
import { defineConfig } from "@netconductor/runtime/config";
import { z } from "zod";

export const AuthConfig = defineConfig(
	"auth",
	z.object({
		admin_password: NewPassword.optional().meta({
			secret: true,
			description:
				"Password of the user `admin`, used at the first start only. Without it one is generated and must be changed at the first sign-in.",
		}),
	}),
	{ aliases: { admin_password: "NETCONDUCTOR_ADMIN_PASSWORD" } },
);
