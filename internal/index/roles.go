package index

// Sets of roles.

import "dekho/internal/lang"

// RoleSet is a set of roles, a bit for each.
type RoleSet uint32

// Sets that queries ask for.
const (
	// AllRoles holds every role.
	AllRoles = ^RoleSet(0)
)

// Definitions holds the roles that define a name: those for which
// lang.Role.IsDef holds.
var Definitions = func() (s RoleSet) {
	for r := range lang.NumRoles {
		if role := lang.Role(r); role.IsDef() {
			s |= Roles(role)
		}
	}
	return s
}()

// Roles makes a set.
func Roles(roles ...lang.Role) (s RoleSet) {
	for _, r := range roles {
		s |= 1 << (r & 31)
	}
	return s
}

// Has reports whether the role is in the set.
func (s RoleSet) Has(r lang.Role) bool { return s>>(r&31)&1 != 0 }
