<?php
/**
 * Files that messages carry.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Keeps uploaded files in a folder of the site's uploads, under names that nobody can guess, and their rows.
 */
final class Attachments {

	/** How many files a message may carry. */
	public const PER_MESSAGE = 10;

	/** How many files of a user may wait for a message. */
	private const WAITING = 100;

	/** The folder below the uploads. */
	public const FOLDER = 'chatpulse';

	/** The daily event that deletes files no message came for. */
	private const CLEAN_UP = 'chatpulse_clean_up';

	/**
	 * Hooks in.
	 */
	public static function register(): void {
		add_action( self::CLEAN_UP, array( self::class, 'delete_unused' ) );
		add_action(
			'init',
			static function (): void {
				if ( ! wp_next_scheduled( self::CLEAN_UP ) ) {
					wp_schedule_event( time() + DAY_IN_SECONDS, 'daily', self::CLEAN_UP );
				}
			}
		);
		register_deactivation_hook( PLUGIN_FILE, static fn() => wp_clear_scheduled_hook( self::CLEAN_UP ) );
	}

	/**
	 * Keeps an uploaded file until a message of the same user carries it, or for a day.
	 *
	 * @param int                  $user_id The uploader.
	 * @param array<string, mixed> $file    An entry of $_FILES.
	 * @return object The row.
	 * @throws Refusal When the file is not one that may be sent.
	 */
	public static function keep( int $user_id, array $file ): object {
		global $wpdb;
		if ( UPLOAD_ERR_OK !== ( $file['error'] ?? UPLOAD_ERR_NO_FILE ) || ! is_string( $file['tmp_name'] ?? null ) ) {
			throw in_array( $file['error'] ?? 0, array( UPLOAD_ERR_INI_SIZE, UPLOAD_ERR_FORM_SIZE ), true ) ? self::too_large( wp_max_upload_size() ) : Refusal::invalid( 'file' );
		}
		/**
		 * Filters how many bytes an attachment may have.
		 *
		 * @param int $bytes 10 MB, or what the site allows where that is less.
		 */
		$most = (int) apply_filters( 'chatpulse_max_upload_bytes', min( 10 * MB_IN_BYTES, wp_max_upload_size() ) );
		if ( (int) $file['size'] > $most ) {
			throw self::too_large( $most );
		}
		$waiting = Database::row( 'SELECT COUNT(*) AS n FROM ' . Schema::table( 'attachments' ) . ' WHERE uploader_id = %d AND message_id IS NULL', $user_id );
		if ( (int) $waiting->n >= self::WAITING ) {
			throw new Refusal( 'too_many_attachments', __( 'Send the files that you have uploaded first.', 'chatpulse' ), 429 );
		}

		$original = self::safe_name( (string) $file['name'] );
		require_once ABSPATH . 'wp-admin/includes/file.php';
		$folder = static function ( array $dir ): array {
			$dir['subdir'] = '/' . self::FOLDER;
			$dir['path']   = $dir['basedir'] . $dir['subdir'];
			$dir['url']    = $dir['baseurl'] . $dir['subdir'];
			return $dir;
		};
		add_filter( 'upload_dir', $folder );
		$kept = wp_handle_upload(
			$file,
			array(
				'test_form'                => false,
				'mimes'                    => self::mimes(),
				'unique_filename_callback' => static fn( string $dir, string $name, string $extension ): string => bin2hex( random_bytes( 20 ) ) . strtolower( $extension ),
			)
		);
		remove_filter( 'upload_dir', $folder );
		if ( isset( $kept['error'] ) ) {
			throw new Refusal( 'invalid_file', (string) $kept['error'], 400 );
		}
		self::close_folder( dirname( $kept['file'] ) );
		try {
			Database::run(
				'INSERT INTO ' . Schema::table( 'attachments' ) . ' (uploader_id, file_path, mime_type, file_size, original_name, created_at) VALUES (%d, %s, %s, %d, %s, %s)',
				$user_id,
				self::FOLDER . '/' . basename( $kept['file'] ),
				$kept['type'],
				filesize( $kept['file'] ),
				$original,
				Clock::now()
			);
		} catch ( Database_Failure $failure ) {
			wp_delete_file( $kept['file'] );
			throw $failure;
		}
		return self::find( (int) $wpdb->insert_id );
	}

	/**
	 * A file's row, with the thread of the message that carries it, or null.
	 *
	 * @param int $id The file.
	 */
	public static function find( int $id ): ?object {
		return Database::row( 'SELECT a.*, m.thread_id FROM ' . Schema::table( 'attachments' ) . ' a LEFT JOIN ' . Schema::table( 'messages' ) . ' m ON m.id = a.message_id WHERE a.id = %d', $id );
	}

	/**
	 * Where a file is on disk; null where it is not there, or outside of the site's uploads.
	 *
	 * @param string $file_path The row's path: below the uploads, or (in rows of earlier versions) a whole one.
	 */
	public static function path( string $file_path ): ?string {
		$base = realpath( wp_upload_dir( null, false )['basedir'] );
		$path = realpath( $base . '/' . $file_path );
		$path = false === $path ? realpath( $file_path ) : $path;
		return false !== $base && false !== $path && str_starts_with( $path, $base . '/' ) && is_file( $path ) ? $path : null;
	}

	/**
	 * Which of these files wait for a message, and of whom. Nobody else can use them until the transaction ends.
	 *
	 * @param int[] $ids The files; at least one.
	 * @return array<int, int> Uploader by file.
	 */
	public static function waiting( array $ids ): array {
		$rows = Database::rows( 'SELECT id, uploader_id FROM ' . Schema::table( 'attachments' ) . ' WHERE message_id IS NULL AND id IN (' . Database::list_of( $ids ) . ') ORDER BY id FOR UPDATE', ...$ids );
		return array_map( 'intval', array_column( $rows, 'uploader_id', 'id' ) );
	}

	/**
	 * Gives files to a message.
	 *
	 * @param int   $message_id The message.
	 * @param int[] $ids        Files that wait for one of its sender, in the order in which it shows them; at least one.
	 */
	public static function give( int $message_id, array $ids ): void {
		Database::run( 'UPDATE ' . Schema::table( 'attachments' ) . ' SET message_id = %d, position = FIELD(id, ' . Database::list_of( $ids ) . ') WHERE id IN (' . Database::list_of( $ids ) . ')', $message_id, ...$ids, ...$ids );
	}

	/**
	 * The files of messages, as answers show them.
	 *
	 * @param int[] $message_ids The messages; at least one.
	 * @return array<int, array<int, array<string, mixed>>> By message.
	 */
	public static function of( array $message_ids ): array {
		$found = array();
		foreach ( Database::rows( 'SELECT * FROM ' . Schema::table( 'attachments' ) . ' WHERE message_id IN (' . Database::list_of( $message_ids ) . ') ORDER BY position, id', ...$message_ids ) as $row ) {
			$found[ (int) $row->message_id ][] = array(
				'id'             => (int) $row->id,
				'filename'       => $row->original_name,
				'url'            => self::url( (int) $row->id ),
				'mime_type'      => $row->mime_type,
				'size'           => (int) $row->file_size,
				'created_at'     => $row->created_at,
				'created_at_gmt' => Clock::iso( $row->created_at ),
			);
		}
		return $found;
	}

	/**
	 * The address of a file, which only its uploader and the participants of its thread can open.
	 *
	 * @param int $id The file.
	 */
	public static function url( int $id ): string {
		return rest_url( Rest_Api::ROUTES . "/attachments/$id" );
	}

	/**
	 * Deletes the rows of a message's files.
	 *
	 * @param int $message_id The message.
	 * @return string[] Their paths, for delete_files() once it is committed.
	 */
	public static function drop( int $message_id ): array {
		$table = Schema::table( 'attachments' );
		$paths = array_column( Database::rows( "SELECT file_path FROM $table WHERE message_id = %d", $message_id ), 'file_path' );
		Database::run( "DELETE FROM $table WHERE message_id = %d", $message_id );
		return $paths;
	}

	/**
	 * Deletes files from the disk.
	 *
	 * @param string[] $file_paths Paths of rows.
	 */
	public static function delete_files( array $file_paths ): void {
		foreach ( $file_paths as $file_path ) {
			$path = self::path( $file_path );
			if ( null !== $path ) {
				wp_delete_file( $path );
			}
		}
	}

	/**
	 * Deletes the files that have waited for a message for a day.
	 *
	 * @return int How many.
	 */
	public static function delete_unused(): int {
		$table = Schema::table( 'attachments' );
		$rows  = Database::rows( "SELECT id, file_path FROM $table WHERE message_id IS NULL AND created_at < %s ORDER BY id LIMIT 1000", gmdate( 'Y-m-d H:i:s', time() + (int) ( (float) get_option( 'gmt_offset' ) * HOUR_IN_SECONDS ) - DAY_IN_SECONDS ) );
		$count = 0;
		foreach ( $rows as $row ) {
			// A message may have come for it in the meantime.
			if ( Database::run( "DELETE FROM $table WHERE id = %d AND message_id IS NULL", (int) $row->id ) > 0 ) {
				self::delete_files( array( $row->file_path ) );
				++$count;
			}
		}
		return $count;
	}

	/**
	 * What kinds of files may be sent, as WordPress lists them.
	 *
	 * @return array<string, string>
	 */
	private static function mimes(): array {
		$wanted = array( 'jpg|jpeg|jpe', 'gif', 'png', 'webp', 'txt|asc|c|cc|h|srt', 'pdf', 'doc', 'docx', 'xlsx', 'pptx', 'odt', 'ods', 'odp', 'zip', 'mp3|m4a|m4b', 'ogg|oga', 'wav', 'mp4|m4v', 'webm' );
		/**
		 * Filters what kinds of files may be sent.
		 *
		 * @param array<string, string> $mimes MIME types by extensions, as get_allowed_mime_types() gives them.
		 */
		return (array) apply_filters( 'chatpulse_upload_mimes', array_intersect_key( wp_get_mime_types(), array_flip( $wanted ) ) );
	}

	/**
	 * A file's name as it is shown: the last part, without control characters and tags, at most 255 characters.
	 *
	 * @param string $name What the uploader called it.
	 */
	private static function safe_name( string $name ): string {
		$name = sanitize_text_field( wp_basename( str_replace( '\\', '/', $name ) ) );
		return '' === $name ? 'file' : mb_substr( $name, 0, 255 );
	}

	/**
	 * Keeps web servers from listing the folder, and those that read .htaccess from serving it.
	 *
	 * @param string $folder The folder.
	 */
	private static function close_folder( string $folder ): void {
		foreach ( array( 'index.html' => '', '.htaccess' => "Require all denied\n" ) as $name => $content ) {
			if ( ! is_file( "$folder/$name" ) ) {
				// phpcs:ignore WordPress.WP.AlternativeFunctions.file_system_operations_file_put_contents -- the uploads are PHP's own to write.
				file_put_contents( "$folder/$name", $content );
			}
		}
	}

	/**
	 * The refusal of a file that is too large.
	 *
	 * @param int $bytes How large it may be.
	 */
	private static function too_large( int $bytes ): Refusal {
		/* translators: %s: a size, for example 10 MB. */
		return new Refusal( 'file_too_large', sprintf( __( 'A file may have at most %s.', 'chatpulse' ), size_format( $bytes ) ), 413 );
	}
}
