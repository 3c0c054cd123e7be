package app

import "github.com/spoor-cti/spoor/internal/feature"

// units tells which names let the names below them to others.
func (a *App) units() feature.Units { return feature.Units{} }
