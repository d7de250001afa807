"""The admin of the annotation app; each module registers its own tables and pages."""

from annotation.admin import access, imports, people, projects, records, reviews

__all__ = ["access", "imports", "people", "projects", "records", "reviews"]
